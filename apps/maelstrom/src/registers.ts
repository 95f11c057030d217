import { defineMachine } from '@quorate/machine'
import { z } from 'zod'

/** What became of a compare-and-set. */
export type CasResult =
  { readonly kind: 'ok' } | { readonly kind: 'missing' } | { readonly kind: 'differs'; readonly found: string }

const key = z.string()
const value = z.string()

/** Registers by key, for the workload `lin-kv`. Keys and values are JSON as text, so that equal values are equal texts. */
export const registers = defineMachine({
  name: 'registers',
  version: 1,
  initial: () => ({ values: new Map<string, string>() }),
  commands: {
    write: {
      input: z.object({ key, value }),
      apply: (state, input) => {
        state.values.set(input.key, input.value)
        return null
      },
    },
    cas: {
      input: z.object({ key, from: value, to: value, create: z.boolean() }),
      apply: (state, input): CasResult => {
        const found = state.values.get(input.key)
        if (found === undefined && !input.create) return { kind: 'missing' }
        if (found !== undefined && found !== input.from) return { kind: 'differs', found }
        state.values.set(input.key, input.to)
        return { kind: 'ok' }
      },
    },
  },
  queries: {
    read: { input: z.object({ key }), read: (state, input) => state.values.get(input.key) ?? null },
  },
})
