/** What somebody does to a directory who may write in it, or in the one above: what tools and members make of it. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundleSources } from '../../../../tools/source-bundle.mjs'
import { makePlace, segmentsIn } from '../storage-command.js'
import type { ToolRun } from './tool.js'

const run = promisify(execFile)
const allCommands = ['open', 'verify', 'repair', 'backup'] as const
const mebibyte = 2 ** 20

type Change = (path: string) => Promise<unknown>

/** Each replaces a file of the directory: the newest but one of its segments, or its identity. */
const changes: readonly (readonly [name: string, change: Change])[] = [
  ['nothing', () => Promise.resolve()],
  ['a pipe', (path) => replaced(path, async () => execFileSync('mkfifo', [path]))],
  ['a directory', (path) => replaced(path, () => mkdir(path))],
  ['a link to an endless device', (path) => replaced(path, () => symlink('/dev/zero', path))],
  ['a link to the file of somebody else', (path) => replaced(path, () => symlink(victimOf(path), path))],
  ['a file of 8 TiB of holes', (path) => truncate(path, 2 ** 43)],
  ['a file of 256 MiB of holes', (path) => truncate(path, 256 * mebibyte)],
  ['a file of 48 MiB of holes', (path) => truncate(path, 48 * mebibyte)],
  ['a file of garbage', (path) => writeFile(path, Buffer.alloc(8 * mebibyte, 0xa5))],
  ['an empty file', (path) => truncate(path, 0)],
]

/** What a tool, or a member that starts, made of one change. */
export interface Outcome extends ToolRun {
  readonly change: string
  readonly file: 'journal' | 'identity'
  readonly command: (typeof allCommands)[number]
  /** False if a file was written that a link led to. */
  readonly isVictimWhole: boolean
}

/**
 * Makes changes, and runs each command on a directory of its own, in a process of its own. `repository`: its root, where the
 * sources are.
 */
export async function* outcomes(
  repository: string,
  commands: readonly Outcome['command'][] = allCommands,
): AsyncGenerator<Outcome> {
  const root = await mkdtemp(join(tmpdir(), 'quorate-hostile-'))
  try {
    const tool = join(root, 'tool.mjs')
    await bundleSources(join(repository, 'packages/storage-file/test/hostile-directory/tool.ts'), tool)
    let count = 0
    for (const [change, make] of changes) {
      for (const file of ['journal', 'identity'] as const) {
        for (const command of commands) {
          const directory = join(root, String((count += 1)))
          await makePlace(directory)
          const segments = await segmentsIn(directory)
          const path = join(directory, file === 'identity' ? file : (segments.at(-2) ?? ''))
          await writeFile(victimOf(path), 'keys')
          await make(path)
          const { stdout } = await run(process.execPath, [tool, command, directory], { timeout: 120_000 })
          const report = JSON.parse(stdout) as ToolRun
          const isVictimWhole = (await readFile(victimOf(path), 'utf8')) === 'keys'
          await rm(directory, { recursive: true })
          await rm(`${directory}.backup`, { recursive: true, force: true })
          yield { change, file, command, ...report, isVictimWhole }
        }
      }
    }
  } finally {
    await rm(root, { recursive: true })
  }
}

/** A file beside the directory that is none of its own. */
function victimOf(path: string): string {
  return join(path, '../..', 'victim')
}

async function replaced(path: string, make: () => Promise<unknown>): Promise<void> {
  await rm(path)
  await make()
}
