/** A tester that finds nothing proves nothing: with a known bug about an outcome or a caller, a test of milliseconds has to fail. */
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { packages } from '../../../tools/source-patch.js'
import { bugsOfCallers } from './outcomes/bugs-of-callers.js'
import { bugs, type OutcomeBug } from './outcomes/bugs.js'

const run = promisify(execFile)
const root = dirname(packages)
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const config = join(import.meta.dirname, 'outcomes', 'vitest.config.ts')

/** What vitest says about the tests that are to find these bugs. */
async function outputWith(together: readonly OutcomeBug[]): Promise<string> {
  const files = together.map(({ foundBy }) => `packages/${foundBy.file}`)
  const names = together.map(({ foundBy }) => foundBy.test.replace(/[^\w ,:]/g, '.'))
  const env = { ...process.env, SOURCE_PATCHES: JSON.stringify(together), NO_COLOR: '1' }
  const args = [vitest, 'run', '--config', config, ...files, '-t', names.join('|')]
  try {
    return (await run(process.execPath, args, { cwd: root, env })).stdout
  } catch (error) {
    return ['stdout', 'stderr'].map((name) => String(Reflect.get(Object(error), name))).join('')
  }
}

test.each(
  [...bugs, ...bugsOfCallers].map((together) => [together.map(({ bug }) => bug).join('; '), together] as const),
)(
  'it is found when %s',
  async (_, together) => {
    const output = await outputWith(together)
    const failed = output.split('\n').filter((line) => line.includes('FAIL  '))
    for (const { foundBy } of together) {
      const isFound = failed.some((line) => line.includes(`packages/${foundBy.file}`) && line.includes(foundBy.test))
      expect(isFound, `${foundBy.test}\n${output}`).toBe(true)
    }
    expect(failed, output).toHaveLength(together.length)
  },
  240_000,
)
