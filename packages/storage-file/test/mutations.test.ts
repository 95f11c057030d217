/** A tester that finds nothing proves nothing: with a known bug in the storage, a test of this package has to fail. */
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { packages } from '../../../tools/source-patch.js'
import { bugs, type StorageBug } from './mutations/bugs.js'

const run = promisify(execFile)
const root = dirname(packages)
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const config = join(import.meta.dirname, 'mutations', 'vitest.config.ts')

/** What vitest says about the tests that are to find the bug. */
async function outcomeWith({ foundBy, ...patch }: StorageBug): Promise<{ code: number; output: string }> {
  const filter = [`packages/storage-file/test/${foundBy.file}`, '-t', foundBy.test]
  const env = { ...process.env, SOURCE_PATCH: JSON.stringify(patch), NO_COLOR: '1' }
  try {
    const { stdout } = await run(process.execPath, [vitest, 'run', '--config', config, ...filter], { cwd: root, env })
    return { code: 0, output: stdout }
  } catch (error) {
    const [code, stdout, stderr] = ['code', 'stdout', 'stderr'].map(
      (name) => Reflect.get(Object(error), name) as unknown,
    )
    return { code: Number(code), output: `${String(stdout)}${String(stderr)}` }
  }
}

test.each(bugs.map((bug) => [bug.bug, bug] as const))(
  'it is found when %s',
  async (_, bug) => {
    const { code, output } = await outcomeWith(bug)
    expect(code, output).toBe(1)
    expect(output).toContain(`FAIL  packages/storage-file/test/${bug.foundBy.file}`)
    expect(output).toContain(bug.foundBy.says)
  },
  240_000,
)
