import { expect, test } from 'vitest'
import { storm } from './storm.js'

const seed = 38

test(`F-38: mangled heads, bodies and chunks of 400 strangers end at most their own connection (seed ${seed})`, async () => {
  const report = await storm({ seed, strangers: 400, framesEach: 100 })
  const { answers, framesSent, framesTaken } = report
  expect(report.longestTaken).toBeLessThanOrEqual(1_000)
  expect(framesTaken).toBeGreaterThan(framesSent / 2)
  expect(framesTaken).toBeLessThan(framesSent)
  for (const answer of ['400', '401', '404', '405', '409', '410'])
    expect(answers[answer] ?? 0, answer).toBeGreaterThan(0)
  // Whatever a stranger expects: no word without its token, and no promise with it.
  for (const answer of ['100', '101', '417', '500']) expect(answers[answer] ?? 0, answer).toBe(0)
  expect(report.honestSent).toBeGreaterThan(0)
  expect(report.honestTaken).toBe(report.honestSent)
  expect(report.honestLinkChanges).toEqual([])
})
