import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantViolation, seededRandom, type Random } from '../src/index.js'

const roll = (random: Random, times = 50): number[] => Array.from({ length: times }, () => random.nextInt(1_000))
const seed = fc.oneof(fc.nat(), fc.string(), fc.uint8Array())

describe('seeded dice', () => {
  test('the same seed gives the same numbers', () => {
    fc.assert(
      fc.property(seed, (given) => {
        expect(roll(seededRandom(given))).toEqual(roll(seededRandom(given)))
      }),
    )
  })

  test('go on from where they stood', () => {
    fc.assert(
      fc.property(seed, fc.nat(40), (given, before) => {
        const random = seededRandom(given)
        roll(random, before)
        const state = random.state()
        expect(state).toMatch(/^sfc32:[0-9a-f]{32}$/)
        expect(roll(seededRandom(state))).toEqual(roll(random))
      }),
    )
  })

  test('give these numbers for this seed, on every machine and for ever', () => {
    expect(roll(seededRandom(1), 8)).toEqual([272, 784, 430, 669, 49, 317, 16, 632])
    expect(roll(seededRandom('quorate'), 8)).toEqual([178, 628, 626, 644, 827, 786, 118, 150])
  })

  test('of different seeds differ', () => {
    const first = new Set(Array.from({ length: 1_000 }, (_, at) => seededRandom(at).nextInt(2 ** 32)))
    expect(first.size).toBe(1_000)
    expect(roll(seededRandom('1'))).not.toEqual(roll(seededRandom(1)))
  })

  test('a fork has numbers of its own, decided by its parent', () => {
    const [one, other] = [seededRandom(4), seededRandom(4)]
    const fork = one.fork()
    expect(roll(fork)).toEqual(roll(other.fork()))
    expect(roll(fork)).not.toEqual(roll(one))
    expect(roll(one)).not.toEqual(roll(seededRandom(4)))
  })

  test('every side comes up about as often', () => {
    const random = seededRandom(3)
    const counts = Array<number>(6).fill(0)
    for (let throws = 0; throws < 60_000; throws += 1) counts[random.nextInt(6)]! += 1
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  test('nextInt stays below its bound, up to 2^32', () => {
    const random = seededRandom(5)
    expect([random.nextInt(1), random.nextInt(1)]).toEqual([0, 0])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (below) => {
        const value = random.nextInt(below)
        expect(Number.isInteger(value) && value >= 0 && value < below).toBe(true)
      }),
    )
    for (const below of [0, -1, 1.5, NaN, 2 ** 32 + 1]) {
      expect(() => random.nextInt(below)).toThrow(InvariantViolation)
    }
  })

  test.each(['sfc32:', 'sfc32:12', `sfc32:${'g'.repeat(32)}`])('"%s" is no state', (state) => {
    expect(() => seededRandom(state)).toThrow('is no state of seeded dice')
  })
})
