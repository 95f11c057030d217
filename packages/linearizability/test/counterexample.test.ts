/** Counterexamples: what is left is wrong by itself, and wrong only because the whole is. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  counterModel,
  describeCounterexample,
  findCounterexample,
  judgeHistory,
  keyValueModel,
  registerModel,
  type Counterexample,
  type History,
  type Model,
  type RegisterInput,
  type RegisterOutput,
} from '../src/index.js'
import { askedOfCounter, askedOfRegister, historiesOf, type Asked } from './arbitrary.js'
import { isLinearizableByDefinition } from './oracle.js'
import { done, lost } from './short-hand.js'

/** Histories that are not linearizable, as far as the dice find any. */
function wrongHistories<Input, Output>(
  model: Model<number, Input, Output>,
  asked: fc.Arbitrary<Asked<Input, Output>>,
): fc.Arbitrary<History<Input, Output>> {
  return historiesOf(asked, 7).filter((history) => judgeHistory(history, model).verdict === 'notLinearizable')
}

/** The operations as the verdict takes them: what is forgotten has an unknown outcome. */
function taken<Input, Output>(told: Counterexample<Input, Output>['operations']): History<Input, Output> {
  return told.map(({ operation, isForgotten }) => {
    return isForgotten ? { ...operation, outcome: { kind: 'unknown' }, returnedAt: null } : operation
  })
}

function claims<Input extends { readonly kind: string }, Output>(
  name: string,
  modelFrom: (start: number) => Model<number, Input, Output>,
  asked: fc.Arbitrary<Asked<Input, Output>>,
): void {
  const examine = (check: (counterexample: Counterexample<Input, Output>) => void): void => {
    fc.assert(
      fc.property(wrongHistories(modelFrom(0), asked), (history) => {
        const counterexample = findCounterexample(history, modelFrom(0))
        expect(counterexample).not.toBeNull()
        if (counterexample !== null) check(counterexample)
      }),
      { numRuns: 500 },
    )
  }
  const isExplained = (rest: History<Input, Output>, starts: readonly string[]): boolean =>
    starts.some((start) => isLinearizableByDefinition(rest, modelFrom(Number(start))))

  describe(`on histories of ${name}`, () => {
    test('what is left is wrong from each of the states that it may begin in', () => {
      examine(({ starts, operations }) => {
        expect(starts.length).toBeGreaterThan(0)
        expect(isExplained(taken(operations), starts)).toBe(false)
      })
    })

    test('what was cut from the beginning is no excuse: the whole is as wrong', () => {
      examine(({ before, operations }) => {
        const whole = [...before, ...operations].map(({ operation }) => operation)
        expect(isExplained(whole, ['0'])).toBe(false)
      })
    })

    test('no read can be left out as well, and no earlier end will do', () => {
      examine(({ operations, starts, culprit }) => {
        const left = taken(operations)
        for (const read of left.filter(({ input }) => input.kind === 'read')) {
          const rest = left.filter((operation) => operation !== read)
          expect(isExplained(rest, starts)).toBe(true)
        }
        const end = culprit.operation.returnedAt ?? 0
        const earlier = left
          .filter(({ invokedAt }) => invokedAt < end)
          .map((operation): (typeof left)[number] => {
            if ((operation.returnedAt ?? end) < end) return operation
            return { ...operation, outcome: { kind: 'unknown' }, returnedAt: null }
          })
        expect(isExplained(earlier, starts)).toBe(true)
      })
    })
  })
}

claims<RegisterInput<number>, RegisterOutput<number>>('a register', registerModel, askedOfRegister)
claims('a counter', counterModel, askedOfCounter)

const put = (value: string, key = 'x') => ({ kind: 'put', key, value }) as const
const get = { kind: 'get', key: 'x' } as const

const stale = [
  ...Array.from({ length: 50 }, (_, at) => done('alice', put(`v${at}`), null, [10 * at, 10 * at + 3])),
  ...Array.from({ length: 50 }, (_, at) => done('bob', get, `v${at}`, [10 * at + 4, 10 * at + 6])),
  lost('dave', put('lost'), 400),
  done('eve', put('other', 'y'), null, [495, 520]),
  done('carol', get, 'v48', [500, 510]),
  ...Array.from({ length: 50 }, (_, at) => done('alice', put(`w${at}`), null, [1000 + 10 * at, 1003 + 10 * at])),
]

test('of 153 operations with a stale read, two are left: the read, and a write that does not excuse it', () => {
  const counterexample = findCounterexample(stale, keyValueModel<string>())
  expect(counterexample?.part).toBe('x')
  expect(counterexample?.operations.map(({ call, result }) => `${call} ${result}`)).toEqual([
    'put("x", "lost") ?',
    'get("x") "v48"',
  ])
})

test('is told in words', () => {
  const counterexample = findCounterexample(stale, keyValueModel<string>())
  expect(counterexample === null ? '' : describeCounterexample(counterexample)).toMatchInlineSnapshot(`
    "No order explains get("x") → "v48" on x.

    The smallest part that shows it (2 of 152 on x, 153 in all):

             state before          "v49"
      dave   put("x", "lost") → ?  400 to ?
      carol  get("x") → "v48"      500 to 510

    An order that gets furthest:

      …
      97.   alice  put("x", "v48") → ok  state "v48"
      98.   bob    get("x") → "v48"      state "v48"
      99.   alice  put("x", "v49") → ok  state "v49"
      100.  bob    get("x") → "v49"      state "v49"

    From state "v49", none of these can come next:

         dave   put("x", "lost") → ?  may come, and leads no further
      ✗  carol  get("x") → "v48"      would return "v49", and returned "v48""
  `)
})

test('there is none of what is linearizable, or was not found to be otherwise', () => {
  const history = [done('a', get, null, [1, 2])]
  expect(findCounterexample(history, keyValueModel<string>())).toBeNull()
  expect(findCounterexample(stale, keyValueModel<string>(), { stepsMax: 3 })).toBeNull()
})
