import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Inflights, Progress } from '../../src/tracker/index.js'
import { cases } from './cases.js'

const limits = { inflightMessagesMax: 4, inflightBytesMax: 100 }

type Action =
  | { readonly kind: 'add'; readonly entries: number; readonly bytes: number }
  | { readonly kind: 'free'; readonly back: number }
  | { readonly kind: 'freeFirst' }
  | { readonly kind: 'clear' }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      entries: fc.integer({ min: 1, max: 5 }),
      bytes: fc.nat(60),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('free' as const), back: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('freeFirst' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
)

describe('what is in flight', () => {
  test('is counted as a plain list is', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
        const inflights = new Inflights(limits)
        let naive: (readonly [number, number])[] = []
        let last = 0
        for (const each of actions) {
          if (each.kind === 'add') {
            last += each.entries
            inflights.add(last, each.bytes)
            naive.push([last, each.bytes])
          } else if (each.kind === 'free') {
            inflights.freeUpTo(last - each.back)
            naive = naive.filter(([index]) => index > last - each.back)
          } else if (each.kind === 'freeFirst') {
            inflights.freeFirst()
            naive = naive.slice(1)
          } else {
            inflights.clear()
            naive = []
          }
          expect(inflights.content).toEqual(naive)
          expect(inflights.count).toBe(naive.length)
          const bytes = naive.reduce((sum, [, size]) => sum + size, 0)
          expect(inflights.isFull).toBe(naive.length >= 4 || bytes >= 100)
        }
      }),
      { numRuns: cases.inflights },
    )
  })

  test('forgets thousands without slowing down', () => {
    const inflights = new Inflights({ inflightMessagesMax: 10_000, inflightBytesMax: 1e9 })
    for (let index = 1; index <= 5_000; index += 1) inflights.add(index, 1)
    inflights.freeUpTo(3_000)
    expect([inflights.count, inflights.content[0]]).toEqual([2_000, [3_001, 1]])
  })
})

/** The same from what was said: all that was accepted, and what was sent since the last phase began. */
class NaiveProgress {
  phase: 'probe' | 'replicate' = 'probe'
  sent: number[] = []
  readonly #accepted: number[] = []
  #acceptedSince: number[] = []

  get match(): number {
    return Math.max(0, ...this.#accepted)
  }

  get unanswered(): number[] {
    return this.sent.filter((last) => this.#acceptedSince.every((index) => index < last))
  }

  begin(phase: 'probe' | 'replicate'): void {
    this.phase = phase
    this.sent = []
    this.#acceptedSince = []
  }

  accept(index: number): boolean {
    const isNews = index > this.match
    this.#accepted.push(index)
    this.#acceptedSince.push(index)
    if (this.phase === 'probe' && index === this.match) this.begin('replicate')
    return isNews
  }

  reject(prevLogIndex: number): void {
    if (this.phase === 'replicate' && prevLogIndex > this.match) this.begin('probe')
  }
}

describe('what a leader believes of a follower', () => {
  test('in probe one message is on its way, and an answer opens the window', () => {
    const progress = new Progress(10, limits)
    progress.onSent(10, 1, 50)
    expect([progress.canSend, progress.nextIndex]).toEqual([false, 10])
    expect(progress.onAccepted(10)).toBe(true)
    expect(progress).toMatchObject({ phase: 'replicate', matchIndex: 10, nextIndex: 11, canSend: true })
    progress.onSent(12, 2, 60)
    progress.onSent(13, 1, 60)
    expect([progress.canSend, progress.nextIndex]).toEqual([false, 14])
    progress.onAccepted(12)
    expect([progress.canSend, progress.inflights.count]).toEqual([true, 1])
  })

  test('a refusal leads behind the hint, never behind what is known', () => {
    const progress = new Progress(100, limits)
    progress.onSent(99, 0, 0)
    expect(progress.onRejected(99, 40)).toBe(true)
    expect([progress.nextIndex, progress.canSend]).toEqual([41, true])
    progress.onAccepted(40)
    progress.becomeProbe()
    expect(progress.onRejected(40, 3)).toBe(false)
    expect(progress.nextIndex).toBe(41)
  })

  test('a refusal of something else than what was sent last is late, and changes nothing', () => {
    const progress = new Progress(100, limits)
    progress.onSent(99, 0, 0)
    expect(progress.onRejected(50, 3)).toBe(false)
    expect([progress.nextIndex, progress.canSend]).toEqual([100, false])
  })

  test('is what all that was said since comes to', () => {
    const said = fc.oneof(
      fc.record({ kind: fc.constant('accepted' as const), index: fc.nat(50) }),
      fc.record({ kind: fc.constant('rejected' as const), index: fc.nat(50), hint: fc.nat(50) }),
      fc.record({ kind: fc.constant('sent' as const), entries: fc.nat(3) }),
      fc.record({ kind: fc.constant('lost' as const) }),
    )
    fc.assert(
      fc.property(fc.array(said, { maxLength: 60 }), (all) => {
        const progress = new Progress(20, limits)
        const naive = new NaiveProgress()
        for (const each of all) {
          if (each.kind === 'accepted') expect(progress.onAccepted(each.index)).toBe(naive.accept(each.index))
          else if (each.kind === 'rejected') {
            progress.onRejected(each.index, each.hint)
            naive.reject(each.index)
          } else if (each.kind === 'lost') {
            progress.becomeProbe()
            naive.begin('probe')
          } else if (progress.canSend) {
            const last = progress.nextIndex - 1 + each.entries
            progress.onSent(last, each.entries, 10)
            if (each.entries > 0) naive.sent.push(last)
          }
          expect([progress.phase, progress.matchIndex]).toEqual([naive.phase, naive.match])
          expect(progress.nextIndex).toBeGreaterThan(progress.matchIndex)
          if (naive.phase === 'probe') {
            expect(progress.inflights.count).toBe(0)
          } else {
            expect(progress.inflights.content.map(([last]) => last)).toEqual(naive.unanswered)
            expect(progress.nextIndex).toBe(Math.max(naive.match, ...naive.sent) + 1)
            expect(progress.canSend).toBe(naive.unanswered.length < limits.inflightMessagesMax)
          }
        }
      }),
      { numRuns: cases.progress },
    )
  })
})
