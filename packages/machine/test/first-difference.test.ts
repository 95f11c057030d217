import { expect, test } from 'vitest'
import { defineMachine } from '../src/index.js'
import { describeDifference, firstDifference } from '../src/first-difference.js'

/** A collection that is none of the language's own. */
class Tree {
  readonly #items: readonly unknown[]
  constructor(...items: readonly unknown[]) {
    this.#items = items
  }
  [Symbol.iterator](): Iterator<unknown> {
    return this.#items[Symbol.iterator]()
  }
}

const bytes = Uint8Array.of(1, 2)

test.each<[left: unknown, right: unknown, said: string | null]>([
  [{ a: [1, { b: null }] }, { a: [1, { b: null }] }, null],
  [new Map([['k', NaN]]), new Map([['k', NaN]]), null],
  [{ a: 1 }, { a: 2 }, 'state.a is 1 in the one and 2 in the other'],
  [{ a: 0 }, { a: -0 }, 'state.a is 0 in the one and -0 in the other'],
  [{ a: 1 }, { a: 1n }, 'state.a is 1 in the one and 1n in the other'],
  [{ 'a b': 'x' }, { 'a b': 'y' }, 'state["a b"] is "x" in the one and "y" in the other'],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, 'key 1 of state is "a" in the one and "b" in the other'],
  [{ a: 1 }, { a: 1, b: undefined }, 'key 2 of state is missing in the one and "b" in the other'],
  [{ a: undefined }, {}, 'key 1 of state is "a" in the one and missing in the other'],
  [[1, 2], [1], 'state[1] is 2 in the one and missing in the other'],
  [{ a: [] }, { a: {} }, 'state.a is an Array of 0 in the one and an object in the other'],
  [new Set([1, 2]), new Set([2, 1]), '[...state][0] is 1 in the one and 2 in the other'],
  [new Map([[1, { c: 'x' }]]), new Map([[1, { c: null }]]), 'state.get(1).c is "x" in the one and null in the other'],
  [{ a: bytes }, { a: Uint8Array.of(1, 3) }, 'state.a[1] is 2 in the one and 3 in the other'],
  [new Date(1), new Date(2), 'state is a Date of 1 in the one and a Date of 2 in the other'],
  [{ a: new Tree(['k', 1]) }, { a: new Tree(['k', 2]) }, '[...state.a][0][1] is 1 in the one and 2 in the other'],
  ['x'.repeat(99), 'y', `state is "${'x'.repeat(60)}…" in the one and "y" in the other`],
])('%o and %o', (left, right, said) => {
  const found = firstDifference(left, right, 'state')
  expect(found && describeDifference(found)).toBe(said)
})

test('a machine says where it differs from the image of another, and how to find the command', async () => {
  const machineOf = (value: number, checkDeterminism: boolean) =>
    defineMachine({
      name: 'm',
      version: 1,
      initial: () => ({ list: [{ value }] }),
      commands: { touch: { apply: () => 1 } },
      queries: {},
      checkDeterminism,
    })
  const [one, same, other] = [machineOf(1, false), machineOf(1, false), machineOf(2, true)]
  const lives = [one.create(), same.create(), other.create()] as const
  expect(await lives[0].describeDifference?.(lives[1].snapshot())).toBeNull()
  expect(await lives[0].describeDifference?.(lives[2].snapshot())).toBe(
    'state.list[0].value is 1 in the one and 2 in the other; ' +
      'checkDeterminism: true in the definition of machine "m" finds the command that did it',
  )
  expect(await lives[2].describeDifference?.(lives[0].snapshot())).toContain('checkDeterminism is on')
  expect(lives[0].nameOf?.(one.commands.touch.encode())).toBe('touch')
})
