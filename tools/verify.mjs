/**
 * Everything that has to hold before a change is taken in, one line a step. It writes nothing that git sees; what can
 * be put right by a machine is put right by `pnpm fix`. The last line counts the tests.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './repository.mjs'
import { pnpm, run } from './run.mjs'

const directory = mkdtempSync(join(tmpdir(), 'quorate-verify-'))
const report = join(directory, 'tests.json')
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]

const node = (...args) => [process.execPath, ...args]
const tool = (name, ...args) => node(join(root, 'node_modules', name), ...args)

const vectorFolder = 'packages/raft/test/fixtures/vectors'
const vectors = readdirSync(join(root, vectorFolder)).map((name) => `${vectorFolder}/${name}`)

/** In the order in which a mistake is cheapest to find. */
const steps = [
  ['format', tool('prettier/bin/prettier.cjs', '--check', '.')],
  ['sizes', node('tools/sizes/check.mjs')],
  ['words', node('tools/words/check.mjs')],
  ['walls', node('tools/walls/check.mjs')],
  ['walls canary', node('tools/walls/canary.mjs')],
  ['lint', tool('eslint/bin/eslint.js', '.', '--max-warnings', '0')],
  ['build', [...pnpm, 'build']],
  ['types', tool('typescript/bin/tsc', '-b')],
  ['tests', [...pnpm, 'test', ...reporters]],
  ['packages', node('tools/packages/check.mjs')],
  ['pick-and-mix', node('tools/pick-and-mix/check.mjs')],
  ['declarations', node('tools/declarations/check.mjs')],
  ['same trace', node('tools/same-trace.mjs')],
  ['vectors', node('tools/source-program.mjs', 'packages/raft/test/vectors/main.ts', ...vectors)],
  ['release', node('tools/release/release.mjs', '--dry-run')],
]

try {
  process.exitCode = await verify()
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function verify() {
  const start = performance.now()
  for (const [name, [program, ...args]] of steps) {
    const begun = performance.now()
    const { code, output } = await run(program, args, { env: { CI: 'true', NO_COLOR: '1' }, timeoutMs: 3_600_000 })
    const took = secondsSince(begun)
    if (code !== 0) {
      console.log(
        `✗ ${name.padEnd(13)} ${took}\n\n${output.trim()}\n\nverify stopped at "${name}" (exit code ${code}).`,
      )
      if (name === 'tests') console.log(countTests() ?? 'The tests did not run to their end.')
      return 1
    }
    console.log(`✓ ${name.padEnd(13)} ${took}  ${summaryOf(name, output)}`.trimEnd())
  }
  const counts = countTests()
  if (counts === null) {
    console.log('The tests left no report to count.')
    return 1
  }
  console.log(`All of it holds, after ${secondsSince(start).trim()}.\n${counts}`)
  return 0
}

/** Our own checks say in their last line what they looked at. */
function summaryOf(name, output) {
  if (name === 'tests') return countTests() ?? ''
  const last = output.trim().split('\n').at(-1) ?? ''
  const said = /^(?:[a-z -]+: )(?<what>.*)$|^(?<counts>\d+ passed.*)$/.exec(last)?.groups
  return said?.what ?? said?.counts ?? ''
}

/** `N passed, N failed`, and what was left out; null if vitest wrote no report. */
function countTests() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
    const skipped = numPendingTests === 0 ? '' : `, ${numPendingTests} skipped`
    return `${numPassedTests} passed, ${numFailedTests} failed${skipped}`
  } catch {
    return null
  }
}

function secondsSince(begun) {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`.padStart(8)
}
