/** A tester that finds nothing proves nothing: with a known bug in the storage, a test of this package has to fail. */
import { beforeAll, expect, test } from 'vitest'
import { outcomesWithBugs, type OutcomeWithBug } from '../../../tools/tests-with-bugs.js'
import { bugs } from './mutations/bugs.js'

let outcomes: readonly OutcomeWithBug[] = []
beforeAll(async () => {
  outcomes = await outcomesWithBugs(
    bugs.map(({ foundBy: { file, test: pattern }, ...bug }) => ({ bug, file: `storage-file/test/${file}`, pattern })),
  )
}, 600_000)

test.each(bugs.map(({ bug, foundBy }, at) => [bug, foundBy.says, at] as const))(
  'it is found when %s',
  (_, says, at) => {
    const { passed = 0, failed = [] } = outcomes[at] ?? {}
    expect(failed, `${passed} tests passed, and found nothing`).not.toEqual([])
    expect(failed.map(({ test: name, errors }) => `${name}\n${JSON.stringify(errors)}`).join('\n')).toContain(says)
  },
)
