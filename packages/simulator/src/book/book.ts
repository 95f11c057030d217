import { defineMachine, readImage, writeImage, type SnapshotDefinition } from '@quorate/machine'
import { z } from 'zod'
import { chained } from './chain.js'

/** Pages of a book, of which each is written to at its end only. */
export const pagesOfBook = 4

const page = z
  .int()
  .min(0)
  .max(pagesOfBook - 1)

interface BookState {
  pages: { entries: number[]; chain: number }[]
}

/**
 * The machine of the simulator's own load: a few lists that only grow, of entries that nobody gives twice. The place that a
 * command is told is where it stands for ever, so one look at the finished book tells whether every answer was true.
 */
const bookOf = (snapshot?: SnapshotDefinition<BookState>) =>
  defineMachine({
    name: 'book',
    version: 1,
    initial: (): BookState => ({ pages: Array.from({ length: pagesOfBook }, () => ({ entries: [], chain: 0 })) }),
    ...(snapshot ? { snapshot } : {}),
    commands: {
      append: {
        input: z.object({
          page,
          entry: z.int(),
          /** Nothing is done with it, but that the command is as large. */
          padding: z.string().optional(),
          /** By how much the answer is to be larger. */
          answerBytes: z.int().min(0).optional(),
        }),
        apply: (state, { page: at, entry, answerBytes = 0 }) => {
          const written = state.pages[at]
          if (!written) return { place: 0 }
          written.entries.push(entry)
          written.chain = chained(written.chain, entry)
          const place = written.entries.length
          return answerBytes === 0 ? { place } : { place, padding: String(entry).padEnd(answerBytes, '.') }
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

/** Nothing is applied while it is read for a snapshot. */
export const book = bookOf()

/** The same machine, whose snapshots are copied at the call and read while it goes on. */
export const copiedBook: typeof book = bookOf({
  write: ({ pages }) => writeImage(pages.map(({ entries, chain }) => [[...entries], chain])),
  read: async (image) => {
    const pages: BookState['pages'] = []
    for await (const part of readImage(image)) pages.push(pageOf(part))
    return { pages }
  },
})

function pageOf(part: unknown): BookState['pages'][number] {
  const [entries, chain]: readonly unknown[] = Array.isArray(part) ? (part as unknown[]) : []
  if (!Array.isArray(entries) || typeof chain !== 'number') throw new TypeError('the image of a book has another part')
  return { entries: entries as number[], chain }
}
