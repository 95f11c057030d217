/**
 * The smallest state machine: a counter.
 *
 * @packageDocumentation
 */
import { defineMachine } from '@quorate/machine'
import { z } from 'zod'

/** Counts. `add` returns the value after it. */
export const counter = defineMachine({
  name: 'counter',
  version: 1,
  initial: () => ({ value: 0 }),
  commands: {
    add: { input: z.object({ by: z.int() }), apply: (state, { by }) => (state.value += by) },
  },
  queries: {
    value: { read: (state) => state.value },
  },
})
