/** A tester that finds nothing proves nothing: with a known bug built in, these programs have to find it. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleSources } from '../../../tools/source-bundle.mjs'
import { patchPlugin, type SourcePatch } from '../../../tools/source-patch.js'

const run = promisify(execFile)
const seedsOf = { 'power-cut': 16, 'exactly-once': 6 } as const
/** The programs that look for bugs, and what they are given. */
const programs = {
  'power-cut': ['1', String(seedsOf['power-cut']), '20'],
  'exactly-once': ['1', String(seedsOf['exactly-once']), '1000', '6'],
} as const

type Program = keyof typeof programs

/** Found by the power cuts. */
const bugsOfDurability: readonly SourcePatch[] = [
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
    replace: `        if (batch) await this.#append(batch)
        for (const ready of readys) this.#effects.send(ready.messagesAfterPersist)`,
    by: `        for (const ready of readys) this.#effects.send(ready.messagesAfterPersist)
        if (batch) await this.#append(batch)`,
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
  {
    bug: 'a snapshot keeps a conflicting log (Figure 13)',
    file: 'raft/src/snapshots.ts',
    replace: `state.log.termAt(last.index) === last.term`,
    by: `state.log.lastIndex >= last.index`,
  },
]

/** Found by the client that asks again. */
const bugsOfSessions: readonly SourcePatch[] = [
  {
    bug: 'a command that comes again is applied again',
    file: 'replica/src/sessions/session-table.ts',
    replace: `const kept = session.results.get(sequence)`,
    by: `const kept = session.results.get(-1)`,
  },
  {
    bug: 'the table of sessions is left out of the snapshot',
    file: 'replica/src/state-image.ts',
    replace: `  writeSessions(head, sessions)
`,
    by: `  head.u32(0 * sessions.size)
`,
  },
  {
    bug: 'a command that was acknowledged is applied again when a late copy of it comes',
    file: 'replica/src/sessions/session-table.ts',
    replace: `    if (!kept && sequence < session.lowestUnacknowledged) return { kind: 'refused', why: 'expired' }
`,
    by: '',
  },
  {
    bug: 'the client counts a command anew when it sends it again',
    file: 'client/src/errand.ts',
    replace: `this.#slot ??= this.#host.sessions.take()`,
    by: `this.#slot = this.#host.sessions.take()`,
  },
  {
    bug: 'the client acknowledges commands that are still under way',
    file: 'client/src/sessions.ts',
    replace: `lowestUnacknowledged: () => lowestOf(session)`,
    by: `lowestUnacknowledged: () => sequence`,
  },
  {
    bug: 'the gateway leaves the place in a session out',
    file: 'gateway-http/src/operations.ts',
    replace: `{ timeoutMs: leftMs, signal, ...place }`,
    by: `{ ...place, session: undefined, timeoutMs: leftMs, signal }`,
  },
]

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-mutations-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function runWith(program: Program, name: string, patch: SourcePatch | null): Promise<string> {
  const outfile = join(directory, `${name}.mjs`)
  const plugins = patch === null ? [] : [patchPlugin(patch)]
  await bundleSources(fileURLToPath(new URL(`${program}/main.ts`, import.meta.url)), outfile, plugins)
  try {
    const { stdout } = await run(process.execPath, [outfile, ...programs[program]])
    return stdout
  } catch (error) {
    return String(Reflect.get(Object(error), 'stderr'))
  }
}

const named = (bugs: readonly SourcePatch[]) => bugs.map((patch, at) => ({ ...patch, name: `${bugs.length}-${at}` }))

describe('the power cuts find it when', () => {
  test.each(named(bugsOfDurability))(
    '$bug',
    async ({ name, ...patch }) => {
      const said = await runWith('power-cut', name, patch)
      expect(said).toMatch(
        /seed \d+, round \d+: (command \d+ was acknowledged and is gone|\S+ is damaged at byte|n\d stopped: |no further command was acknowledged)/,
      )
    },
    240_000,
  )
})

describe('the client that asks again finds it when', () => {
  test.each(named(bugsOfSessions))(
    '$bug',
    async ({ name, ...patch }) => {
      const said = await runWith('exactly-once', name, patch)
      expect(said).toMatch(
        /1000 increments came to \d+|no more than \d+ increments were answered|an increment was not done/,
      )
    },
    240_000,
  )
})

test.each(['power-cut', 'exactly-once'] as const)(
  'and %s finds nothing when there is nothing',
  async (program) => {
    const said = await runWith(program, `sound-${program}`, null)
    expect(said.match(/nothing lost/g)?.length).toBe(seedsOf[program])
  },
  240_000,
)
