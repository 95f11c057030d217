import { expect, test } from 'vitest'
import { storm } from './storm.js'

const seed = 38

test(`F-38: cut, overwritten and stuffed frames over 1,000 connections end at most their own (seed ${seed})`, async () => {
  const report = await storm({ seed, connections: 1_000, framesEach: 100 })
  expect(report.longestTaken).toBeLessThanOrEqual(1_000)
  expect(report.framesTaken).toBeGreaterThan(10_000)
  expect(report.refused).toBeGreaterThan(10)
  expect(report.brokenOff).toBeGreaterThan(100)
  expect(report.honestSent).toBeGreaterThan(0)
  expect(report.honestTaken).toBe(report.honestSent)
  expect(report.honestLinkChanges).toEqual([])
})
