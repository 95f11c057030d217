import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleSources } from '../../../tools/source-bundle.mjs'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quorate-lingering-'))
  await bundleSources(join(import.meta.dirname, 'lingering/program.ts'), join(directory, 'program.mjs'))
})
afterAll(() => rm(directory, { recursive: true }))

/** Runs the program to its own end. What it prints is what keeps it alive after its last call. */
async function keptAliveBy(what: string): Promise<{ code: unknown; printed: string }> {
  const child = spawn(process.execPath, [join(directory, 'program.mjs'), what, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const [code] = (await once(child, 'close')) as [unknown]
  return { code, printed }
}

test.each([
  'a client of nobody',
  'a client of a member that hangs',
  'a client that was answered',
  'a member over TCP',
  'a member over HTTP',
])(
  'nothing keeps a process alive after the last call of %s',
  async (what) => {
    expect(await keptAliveBy(what)).toEqual({ code: 0, printed: 'nothing\n' })
  },
  60_000,
)
