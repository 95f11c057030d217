/**
 * Runs test files that are bundled already, one after the other in one process. Standard input is JSON, a list of
 * `{ path, pattern }`: of each file, the tests whose names fit the pattern. Standard output is JSON, in the same order:
 * `{ passed, failed: [{ test, errors }], unread }`, where `unread` are the errors of a file that could not be loaded.
 */
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { createVitest } from 'vitest/node'

const files = JSON.parse(await text(process.stdin))
const root = dirname(files[0].path)

const vitest = await createVitest('test', {
  ...{ config: false, root, watch: false, cache: false, reporters: [{}] },
  // Bundles share nothing with each other.
  ...{ isolate: false, maxWorkers: 1, include: ['*.mjs'], exclude: [], testTimeout: 120_000 },
})
const project = vitest.getRootProject()
const specifications = files.map(({ path, pattern }) =>
  project.createSpecification(path, { testNamePattern: new RegExp(pattern) }),
)
// What a bug breaks outside of the tests is no outcome of a test.
const { testModules } = await vitest.runTestSpecifications(specifications)
await vitest.close()
const moduleOf = new Map(testModules.map((each) => [each.moduleId, each]))
process.stdout.write(JSON.stringify(files.map(({ path }) => outcomeOf(moduleOf.get(path)))))
// Vitest has set it, because tests have failed; that is told in the outcomes.
process.exitCode = 0

function outcomeOf(module) {
  const tests = [...module.children.allTests()].map((each) => ({ test: each.fullName, ...each.result() }))
  return {
    passed: tests.filter(({ state }) => state === 'passed').length,
    failed: tests.filter(({ state }) => state === 'failed').map(({ test, errors }) => ({ test, errors })),
    unread: module.errors(),
  }
}
