import { defineMachine } from '@quorate/machine'
import { z } from 'zod'
import { chained } from './chain.js'

/** Pages of a book, of which each is written to at its end only. */
export const pagesOfBook = 4

const page = z
  .int()
  .min(0)
  .max(pagesOfBook - 1)

/**
 * The machine of the simulator's own load: a few lists that only grow, of entries that nobody gives twice. The place that a
 * command is told is where it stands for ever, so one look at the finished book tells whether every answer was true.
 */
export const book = defineMachine({
  name: 'book',
  version: 1,
  initial: () => ({ pages: Array.from({ length: pagesOfBook }, () => ({ entries: [] as number[], chain: 0 })) }),
  commands: {
    append: {
      input: z.object({ page, entry: z.int() }),
      apply: (state, { page: at, entry }) => {
        const written = state.pages[at]
        if (!written) return 0
        written.entries.push(entry)
        written.chain = chained(written.chain, entry)
        return written.entries.length
      },
    },
  },
  queries: {
    /** How much is written on a page, and a hash of all of it. */
    glance: {
      input: page,
      read: (state, at) => ({
        length: state.pages[at]?.entries.length ?? 0,
        chain: state.pages[at]?.chain ?? 0,
      }),
    },
    page: { input: page, read: (state, at) => state.pages[at]?.entries ?? [] },
  },
})
