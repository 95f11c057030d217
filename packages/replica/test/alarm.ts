import { clusterTime } from '@quorate/contracts'
import { defineMachine } from '@quorate/machine'
import { z } from 'zod'

interface Alarm {
  due: number | null
  rang: boolean
}

/** One alarm, which rings by itself. */
export const alarm = defineMachine({
  name: 'alarm',
  version: 1,
  initial: (): Alarm => ({ due: null, rang: false }),
  commands: {
    set: {
      input: z.object({ inMs: z.int() }),
      apply: (state, { inMs }, context) => {
        state.due = context.clusterTime + inMs
        return state.due
      },
    },
  },
  queries: { rang: { read: (state) => state.rang } },
  nextDeadline: (state) => (state.due === null ? null : clusterTime(state.due)),
  expire: (state, context) => {
    if (state.due === null || state.due > context.clusterTime) return
    state.due = null
    state.rang = true
  },
})
