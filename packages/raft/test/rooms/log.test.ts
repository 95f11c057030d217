import { InvariantViolation, token, type Token } from '@quorate/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sizeOfEntry } from '../../src/entry.js'
import { logIndex, term, type Entry } from '../../src/index.js'
import { Log } from '../../src/log/index.js'
import { cases } from './cases.js'

interface Row {
  readonly entry: Entry
  readonly sequence: number
  readonly token: Token | null
}

function entryOf(index: number, at: number, bytes = 1): Entry {
  return { index: logIndex(index), term: term(at), kind: 'command', data: new Uint8Array(bytes) }
}

/** The same log as a plain list, with every question answered by looking at all of it. */
class NaiveLog {
  rows: Row[] = []
  durable = 0
  /** Indexes whose record was reported durable while the row was there. */
  persisted = 0

  settle(): void {
    this.persisted = 0
    while (this.rows[this.persisted] && this.rows[this.persisted]!.sequence <= this.durable) this.persisted += 1
  }

  lastAtMost(index: number, atMost: number): number {
    let found = 0
    this.rows.forEach(({ entry }, at) => {
      if (at + 1 <= index && entry.term <= atMost) found = at + 1
    })
    return found
  }
}

type Action =
  | { readonly kind: 'append'; readonly count: number; readonly termUp: number; readonly bytes: number }
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'persist'; readonly upTo: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant('append' as const),
    count: fc.integer({ min: 1, max: 5 }),
    termUp: fc.integer({ min: 0, max: 2 }),
    bytes: fc.nat(40),
  }),
  fc.record({ kind: fc.constant('truncate' as const), at: fc.nat(30) }),
  fc.record({ kind: fc.constant('persist' as const), upTo: fc.nat(3) }),
)

describe('the log', () => {
  test('answers as a plain list does, whatever was appended, cut off and made durable', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.nat(12), fc.nat(200), (actions, atMost, bytesMax) => {
        const log = new Log()
        const naive = new NaiveLog()
        let sequence = 0
        let lastTerm = 1
        for (const each of actions) {
          if (each.kind === 'append') {
            sequence += 1
            lastTerm += each.termUp
            for (let left = each.count; left > 0; left -= 1) {
              const given = left % 2 === 0 ? token(sequence) : null
              const entry = entryOf(log.lastIndex + 1, lastTerm, each.bytes)
              log.append(entry, sequence, given)
              naive.rows.push({ entry, sequence, token: given })
            }
          } else if (each.kind === 'truncate') {
            const at = Math.min(each.at + 1, log.lastIndex)
            if (at === 0) continue
            log.truncateFrom(at)
            naive.rows.length = at - 1
          } else {
            naive.durable = Math.max(naive.durable, sequence - each.upTo)
            const before = log.persistedIndex
            expect(log.onPersisted(naive.durable)).toBe(log.persistedIndex > before)
          }
          naive.settle()
          expect(log.persistedIndex).toBe(naive.persisted)
        }
        const count = naive.rows.length
        expect(log.lastIndex).toBe(count)
        expect(log.lastTerm).toBe(naive.rows.at(-1)?.entry.term ?? 0)
        for (let index = -1; index <= count + 2; index += 1) {
          const row = naive.rows[index - 1]
          expect(log.termAt(index)).toBe(index === 0 ? 0 : (row?.entry.term ?? null))
          expect(log.tokenAt(index)).toBe(row?.token ?? null)
          expect(log.sequenceAt(index)).toBe(row?.sequence ?? 0)
          const found = naive.lastAtMost(index, atMost)
          expect(log.lastIdWithTermAtMost(index, atMost)).toEqual({ index: found, term: log.termAt(found) })
        }
        for (let from = 1; from <= count; from += 3) {
          const { entries, bytes } = log.slice(from, bytesMax, 4)
          expect(entries).toEqual(naive.rows.slice(from - 1, from - 1 + entries.length).map(({ entry }) => entry))
          expect(bytes).toBe(entries.reduce((sum, entry) => sum + sizeOfEntry(entry), 0))
          expect(entries.length).toBeGreaterThan(0)
          expect(entries.length === 1 || bytes <= bytesMax).toBe(true)
          const next = naive.rows[from - 1 + entries.length]
          expect(!next || entries.length === 4 || bytes + sizeOfEntry(next.entry) > bytesMax).toBe(true)
          expect(log.bytesBetween(from, from + entries.length - 1)).toBe(bytes)
        }
      }),
      { numRuns: cases.log },
    )
  })

  test('takes an entry that was cut off and appended again for durable only with its second record', () => {
    const log = new Log()
    log.append(entryOf(1, 1), 1, null)
    log.truncateFrom(1)
    log.append(entryOf(1, 1), 2, null)
    expect([log.onPersisted(1), log.persistedIndex]).toEqual([false, 0])
    expect([log.onPersisted(2), log.persistedIndex]).toEqual([true, 1])
  })

  test.each([
    [5, 3, true],
    [4, 3, true],
    [3, 3, false],
    [1, 4, true],
    [99, 2, false],
    [0, 0, false],
  ])('a candidate with %d@%d is as up to date as 4@3: %s', (index, at, expected) => {
    const log = new Log()
    for (const [entryIndex, entryTerm] of [
      [1, 1],
      [2, 1],
      [3, 3],
      [4, 3],
    ] as const) {
      log.append(entryOf(entryIndex, entryTerm), 1, null)
    }
    expect(log.isUpToDate(index, at)).toBe(expected)
  })

  test('refuses a gap, a term that goes back, a cut outside, and less durable than before', () => {
    const log = new Log()
    log.append(entryOf(1, 2), 1, null)
    log.onPersisted(1)
    expect(() => log.append(entryOf(3, 2), 2, null)).toThrow(InvariantViolation)
    expect(() => log.append(entryOf(2, 1), 2, null)).toThrow('terms of the log never decrease')
    expect(() => log.truncateFrom(2)).toThrow(InvariantViolation)
    expect(() => log.truncateFrom(0)).toThrow(InvariantViolation)
    expect(() => log.onPersisted(0)).toThrow('what is durable stays durable')
    expect(() => log.entryAt(2)).toThrow('entry 2 is in the window')
  })
})
