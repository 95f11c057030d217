import { defineMachine } from '@quorate/machine'
import { z } from 'zod'

/** Keeps every number that it was ever given, in order, and each as often as it was given. */
export const ledger = defineMachine({
  name: 'ledger',
  version: 1,
  initial: () => ({ entries: [] as number[] }),
  commands: {
    append: { input: z.object({ entry: z.int() }), apply: (state, { entry }) => state.entries.push(entry) },
  },
  queries: {
    all: { read: (state) => state.entries },
  },
})
