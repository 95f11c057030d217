import { defineMachine } from 'quorate'
import { z } from 'zod'

const paragraph = z.strictObject({ text: z.string(), weight: z.number() })
const picture = z.strictObject({ url: z.string(), width: z.number(), height: z.number() })

/** A machine as a service could have it, whose inputs have unions and lists for a hostile client to fail in. */
export const notes = defineMachine({
  name: 'notes',
  version: 1,
  initial: () => ({ count: 0, last: '' }),
  commands: {
    write: {
      input: z.strictObject({ text: z.string() }),
      apply: (state, { text }) => {
        state.last = text
        return (state.count += 1)
      },
    },
    publish: {
      input: z.array(z.union([paragraph, picture, z.array(z.union([paragraph, picture]))])),
      apply: (state, parts) => (state.count += parts.length),
    },
  },
  queries: {
    count: { input: z.undefined(), read: (state) => state.count },
    last: { input: z.undefined(), read: (state) => state.last },
  },
})
