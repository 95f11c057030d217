import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { bundleSources } from './source-bundle.mjs'
import { packages, patchPlugin, type SourcePatch } from './source-patch.js'

/** A known bug, and the tests that are run with it. */
export interface TestsWithBug {
  readonly bug: SourcePatch
  /** A file of tests, below `packages/`. */
  readonly file: string
  /** A regular expression for the names of tests. */
  readonly pattern: string
}

export interface OutcomeWithBug {
  readonly passed: number
  readonly failed: readonly FailedTest[]
}

export interface FailedTest {
  /** With the names of what it stands in. */
  readonly test: string
  /** Names, messages, codes, stacks. */
  readonly errors: unknown
}

const root = dirname(packages)

/**
 * Runs tests with a known bug in the sources. Each try is a bundle of its own; they run one after the other in one
 * process. The outcomes stand in the order of the tries. Rejects when a bug does not fit its source exactly once, or is
 * no part of what its tests load, and when tests cannot be loaded: that is no way to find a bug.
 */
export async function outcomesWithBugs(tries: readonly TestsWithBug[]): Promise<readonly OutcomeWithBug[]> {
  // Below the root, so that the bundles find Vitest.
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const directory = mkdtempSync(join(cache, 'tests-with-bugs-'))
  try {
    const files = tries.map(({ pattern }, at) => ({ path: join(directory, `${at}.mjs`), pattern }))
    for (const [at, { bug, file }] of tries.entries()) {
      await bundleSources(join(packages, file), join(directory, `${at}.mjs`), [patchPlugin(bug)])
    }
    const outcomes = JSON.parse(await answerOf(JSON.stringify(files))) as (OutcomeWithBug & { unread: unknown[] })[]
    for (const [at, { unread }] of outcomes.entries()) {
      const { file, bug } = tries[at] ?? {}
      if (unread.length > 0)
        throw new Error(`${file} could not be loaded with "${bug?.bug}": ${JSON.stringify(unread)}`)
    }
    return outcomes
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function answerOf(input: string): Promise<string> {
  // What the tests that run now were told by Vitest is not for those that it starts.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const child = spawn(process.execPath, [join(root, 'tools', 'bundled-tests.mjs')], { cwd: root, env, stdio: 'pipe' })
  child.stdin.end(input)
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const [code, said, complained] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (code !== 0) throw new Error(`the tests could not be run (exit code ${code}):\n${said}${complained}`)
  return said
}
