/** A tester that finds nothing proves nothing: with a known bug built in, the power cuts have to find it. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { patchPlugin, type SourcePatch } from './mutations/source-patch.js'

const run = promisify(execFile)
const program = fileURLToPath(new URL('power-cut/main.ts', import.meta.url))
const seeds = 4
const rounds = 20

const bugs: readonly SourcePatch[] = [
  {
    bug: 'the journal is not synced',
    file: 'storage-file/src/journal.ts',
    replace: `    await file.write(this.#end.offset, chunks)
    await file.datasync()`,
    by: `    await file.write(this.#end.offset, chunks)`,
  },
  {
    bug: 'the directory of a new segment is not synced',
    file: 'storage-file/src/segment-file.ts',
    replace: `    await files.syncDirectory(directory)
`,
    by: '',
  },
  {
    bug: 'lane two leaves before the records are durable',
    file: 'replica/src/writer.ts',
    replace: `        if (batch) await this.#storage.append(batch)
        for (const ready of readys) this.#effects.send(ready.messagesAfterPersist)`,
    by: `        for (const ready of readys) this.#effects.send(ready.messagesAfterPersist)
        if (batch) await this.#storage.append(batch)`,
  },
  {
    bug: 'a snapshot is reported before it is saved',
    file: 'replica/src/snapshots/checkpoints.ts',
    replace: `      await writing.finish()
      this.#attempt = null
      if (!attempt.isAbandoned) this.#onSaved(attempt)`,
    by: `      this.#attempt = null
      if (!attempt.isAbandoned) this.#onSaved(attempt)
      await writing.finish()`,
  },
  {
    bug: 'commands are applied before they are durable here',
    file: 'raft/src/delivery.ts',
    replace: `Math.min(state.commitIndex, state.log.persistedIndex)`,
    by: `state.commitIndex`,
  },
]

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-mutations-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function runPowerCuts(name: string, patch: SourcePatch | null): Promise<string> {
  const outfile = join(directory, `${name}.mjs`)
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@quorate/source'],
    plugins: patch === null ? [] : [patchPlugin(patch)],
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)`,
    },
    logLevel: 'silent',
  })
  try {
    const { stdout } = await run(process.execPath, [outfile, '1', String(seeds), String(rounds)])
    return stdout
  } catch (error) {
    return String(Reflect.get(Object(error), 'stderr'))
  }
}

describe('the power cuts find it when', () => {
  test.each(bugs.map((patch, at) => ({ ...patch, name: `bug-${at}` })))(
    '$bug',
    async ({ name, ...patch }) => {
      const said = await runPowerCuts(name, patch)
      expect(said).toMatch(
        /seed \d+, round \d+: (command \d+ was acknowledged and is gone|\S+ is damaged at byte|n\d stopped: )/,
      )
    },
    240_000,
  )

  test('and find nothing when there is nothing', async () => {
    const said = await runPowerCuts('sound', null)
    expect(said.match(/nothing lost/g)?.length).toBe(seeds)
  }, 240_000)
})
