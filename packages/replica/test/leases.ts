import { clusterTime } from '@quorate/contracts'
import { defineMachine } from '@quorate/machine'
import { z } from 'zod'

interface Leases {
  endsAt: number[]
  ended: number
}

/** Leases that nobody renews. */
export const leases = defineMachine({
  name: 'leases',
  version: 1,
  initial: (): Leases => ({ endsAt: [], ended: 0 }),
  commands: {
    grant: {
      input: z.object({ forMs: z.int() }),
      apply: (state, { forMs }, context) => state.endsAt.push(context.clusterTime + forMs),
    },
  },
  queries: { ended: { read: (state) => state.ended } },
  nextDeadline: (state) => (state.endsAt.length === 0 ? null : clusterTime(Math.min(...state.endsAt))),
  expire: (state, context) => {
    const left = state.endsAt.filter((end) => end > context.clusterTime)
    state.ended += state.endsAt.length - left.length
    state.endsAt = left
  },
})
