/**
 * Everything that has to hold before a change is taken in, one line a step. It writes nothing that git sees; what can
 * be put right by a machine is put right by `pnpm fix`. The last line counts the tests.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inLanes } from './lanes.mjs'
import { root } from './repository.mjs'
import { pnpm, run } from './run.mjs'

const directory = mkdtempSync(join(tmpdir(), 'quorate-verify-'))
const report = join(directory, 'tests.json')
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]

const node = (...args) => [process.execPath, ...args]
const tool = (name, ...args) => node(join(root, 'node_modules', name), ...args)

const vectorFolder = 'packages/raft/test/fixtures/vectors'
const vectors = readdirSync(join(root, vectorFolder)).map((name) => `${vectorFolder}/${name}`)

const step = (name, [program, ...args]) => ({ name, program, args })

/**
 * Stages one after the other, in the order in which a mistake is cheapest to find; within a stage lanes side by side,
 * where neither needs what the other makes. The tests are in a stage by themselves: some of them are in real time.
 */
const stages = [
  [
    [
      step('format', tool('prettier/bin/prettier.cjs', '--check', '.')),
      step('sizes', node('tools/sizes/check.mjs')),
      step('words', node('tools/words/check.mjs')),
    ],
    [step('walls', node('tools/walls/check.mjs')), step('walls canary', node('tools/walls/canary.mjs'))],
  ],
  [
    [step('lint', tool('eslint/bin/eslint.js', '.', '--max-warnings', '0'))],
    [
      step('build', [...pnpm, 'build']),
      // What a package bundles is told by what was built.
      step('dependencies', node('tools/dependencies/check.mjs')),
      step('types', tool('typescript/bin/tsc', '-b')),
    ],
  ],
  [[step('tests', [...pnpm, 'test', ...reporters])]],
  [
    [
      step('packages', node('tools/packages/check.mjs')),
      step('pick-and-mix', node('tools/pick-and-mix/check.mjs')),
      step('declarations', node('tools/declarations/check.mjs')),
      step('same trace', node('tools/same-trace.mjs')),
      step('vectors', node('tools/source-program.mjs', 'packages/raft/test/vectors/main.ts', ...vectors)),
      step('release', node('tools/release/release.mjs', '--dry-run')),
    ],
  ],
]

try {
  process.exitCode = await verify()
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function verify() {
  const start = performance.now()
  const failed = []
  const isWhole = await inLanes(stages, perform, (each, outcome) => {
    if (!outcome.isOk) failed.push({ each, outcome })
    console.log(`${outcome.isOk ? '✓' : '✗'} ${each.name.padEnd(13)} ${outcome.took}  ${outcome.summary}`.trimEnd())
  })
  if (!isWhole) {
    for (const { each, outcome } of failed) {
      console.log(`\n${outcome.output.trim()}\n\nverify stopped at "${each.name}" (exit code ${outcome.code}).`)
    }
    if (failed.some(({ each }) => each.name === 'tests')) {
      console.log(countTests() ?? 'The tests did not run to their end.')
    }
    return 1
  }
  const counts = countTests()
  if (counts === null) {
    console.log('The tests left no report to count.')
    return 1
  }
  console.log(`All of it holds, after ${secondsSince(start).trim()}.\n${counts}`)
  return 0
}

async function perform({ name, program, args }) {
  const begun = performance.now()
  const { code, output } = await run(program, args, { env: { CI: 'true', NO_COLOR: '1' }, timeoutMs: 3_600_000 })
  const isOk = code === 0
  return { isOk, code, output, took: secondsSince(begun), summary: isOk ? summaryOf(name, output) : '' }
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
