/**
 * The smallest state machine: a counter.
 *
 * @packageDocumentation
 */
import { defineMachine } from '@quorate/machine'
import { z } from 'zod'

/** It was not added: the sum is no whole number that is exact. */
export interface OutOfRange {
  readonly ok: false
  /** The value, which stays. */
  readonly value: number
}

/** Counts. `add` returns the value after it, unless that would be beyond 2^53-1: then nothing was added. */
export const counter = defineMachine({
  name: 'counter',
  version: 1,
  initial: () => ({ value: 0 }),
  commands: {
    add: { input: z.object({ by: z.int() }), apply: add },
  },
  queries: {
    value: { read: (state) => state.value },
  },
})

function add(state: { value: number }, { by }: { readonly by: number }): number | OutOfRange {
  const sum = state.value + by
  if (!Number.isSafeInteger(sum)) return { ok: false, value: state.value }
  state.value = sum
  return sum
}
