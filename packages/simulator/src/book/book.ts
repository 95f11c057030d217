import { defineMachine, readImage, writeImage, type CommandContext, type SnapshotDefinition } from '@quorate/machine'
import { z } from 'zod'
import { chained } from './chain.js'

/** How many pages a book has: few enough that callers meet on each of them. */
export const pagesOfBook = 3

const page = z
  .int()
  .min(0)
  .max(pagesOfBook - 1)

interface BookState {
  pages: { entries: number[]; chain: number }[]
  /** Of the later version: how much stood on each page when the state was migrated, and how often it was. */
  lengthsBefore: number[]
  migrations: number
}

const appended = z.object({
  page,
  entry: z.int(),
  /** Nothing is done with it, but that the command is as large. */
  padding: z.string().optional(),
  /** By how much the answer is to be larger. */
  answerBytes: z.int().min(0).optional(),
})

/** What is written, and where. */
export type AppendInput = z.infer<typeof appended>

/** The place of an entry on its page. */
interface Written {
  readonly place: number
  readonly padding?: string
}

const append = {
  input: appended,
  apply: (state: BookState, { page: at, entry, answerBytes = 0 }: AppendInput): Written => {
    const written = state.pages[at]
    if (!written) return { place: 0 }
    written.entries.push(entry)
    written.chain = chained(written.chain, entry)
    const place = written.entries.length
    return answerBytes === 0 ? { place } : { place, padding: String(entry).padEnd(answerBytes, '.') }
  },
}

/** The command that only the later version has. A state that was not migrated, or twice, has another answer. */
const inscribe = {
  since: 2,
  input: appended,
  apply: (state: BookState, input: AppendInput, { version }: CommandContext): Written =>
    version === 2 && state.migrations === 1 ? append.apply(state, input) : { place: -1 },
}

const traits = {
  name: 'book',
  initial: (): BookState => ({
    pages: Array.from({ length: pagesOfBook }, () => ({ entries: [], chain: 0 })),
    lengthsBefore: [],
    migrations: 0,
  }),
  queries: {
    /** How much is written on a page, and a hash of all of it. */
    glance: {
      input: page,
      read: (state: BookState, at: number) => ({
        length: state.pages[at]?.entries.length ?? 0,
        chain: state.pages[at]?.chain ?? 0,
      }),
    },
    page: { input: page, read: (state: BookState, at: number) => state.pages[at]?.entries ?? [] },
  },
}

/** The state is changed where the activation stands among the commands: the lengths tell whether it stood there everywhere. */
function migrate(state: BookState, from: number): BookState {
  const lengthsBefore = state.pages.map(({ entries }) => entries.length)
  return { ...state, lengthsBefore, migrations: state.migrations + from }
}

/** Copied at the call, and read while the machine goes on. */
const copied: { readonly snapshot: SnapshotDefinition<BookState> } = {
  snapshot: {
    write: ({ pages, lengthsBefore, migrations }) =>
      writeImage([[[...lengthsBefore], migrations], ...pages.map(({ entries, chain }) => [[...entries], chain])]),
    read: async (image) => {
      const parts: NumbersAndOne[] = []
      for await (const part of readImage(image)) parts.push(numbersAndOne(part))
      const [[lengthsBefore, migrations] = [[], 0], ...pages] = parts
      return { pages: pages.map(([entries, chain]) => ({ entries, chain })), lengthsBefore, migrations }
    },
  },
}

/**
 * The machine of the simulator's own load: a few lists that only grow, of entries that nobody gives twice. The place that a
 * command is told is where it stands for ever, so one look at the finished book tells whether every answer was true.
 * Nothing is applied while it is read for a snapshot.
 */
export const book = defineMachine({ ...traits, version: 1, commands: { append } })

/** The same machine, whose snapshots are copied at the call and read while it goes on. */
export const copiedBook: typeof book = defineMachine({ ...traits, ...copied, version: 1, commands: { append } })

/** The same book in later code: a command more, and a state that depends on where the migration stands among the commands. */
export const laterBook = defineMachine({ ...traits, version: 2, commands: { append, inscribe }, migrate })

/** The later code of the copied book. */
export const copiedLaterBook: typeof laterBook = defineMachine({
  ...{ ...traits, ...copied },
  ...{ version: 2, commands: { append, inscribe }, migrate },
})

type NumbersAndOne = readonly [numbers: number[], one: number]

function numbersAndOne(part: unknown): NumbersAndOne {
  const [numbers, one]: readonly unknown[] = Array.isArray(part) ? (part as unknown[]) : []
  if (!Array.isArray(numbers) || typeof one !== 'number') throw new TypeError('the image of a book has another part')
  return [numbers as number[], one]
}
