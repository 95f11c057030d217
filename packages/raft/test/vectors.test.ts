import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { playLine } from './vectors/play.js'

function verdictsOf(file: string) {
  const text = readFileSync(new URL(`./fixtures/vectors/${file}`, import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => playLine(JSON.parse(line)))
}

function countsOf(file: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const verdict of verdictsOf(file)) {
    const kind = verdict === 'history' ? 'history' : verdict.kind
    counts[kind] = (counts[kind] ?? 0) + 1
    if (verdict !== 'history' && verdict.kind === 'failed') expect(verdict.mismatch).toBeUndefined()
  }
  return counts
}

describe('conformance vectors, against an independent implementation', () => {
  test('one member follows the receiver rules of Figure 2', () => {
    expect(countsOf('rpc-replays.jsonl')).toEqual({ passed: 150 })
  })

  test('a leader commits by the rule of §5.4.2, acknowledgement by acknowledgement', () => {
    expect(countsOf('leader-commit.jsonl')).toEqual({ passed: 100 })
  })

  test('two majorities agree on an index and on a vote (§6)', () => {
    expect(countsOf('joint-quorum.jsonl')).toEqual({ passed: 200 })
  })

  test('whole clusters go through campaigns, cuts, crashes, proposals, transfers and compactions', () => {
    expect(countsOf('cluster-schedules.jsonl')).toEqual({ passed: 150 })
  })

  test('configurations change by the same arithmetic, and are refused where it is unsafe', () => {
    expect(countsOf('membership-changes.jsonl')).toEqual({ passed: 100 })
  })

  test('histories are for the checker of linearizability', () => {
    expect(countsOf('histories.jsonl')).toEqual({ history: 60 })
  })
})
