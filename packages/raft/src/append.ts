import { EntriesRun } from './entries-run.js'
import type { Entry } from './entry.js'
import type { AppendEntries } from './message.js'
import { logIndex, type LogIndex, type Term } from './units.js'

/** An append that knows the record of its entries, so that nobody writes it twice. Otherwise it is as any other. */
export class Append implements AppendEntries {
  readonly kind = 'appendEntries'
  readonly term: Term
  readonly prevLogIndex: LogIndex
  readonly prevLogTerm: Term
  readonly leaderCommit: LogIndex
  readonly entries: readonly Entry[]
  readonly #run: EntriesRun

  constructor(term: Term, prevLogTerm: Term, leaderCommit: LogIndex, run: EntriesRun) {
    this.term = term
    this.prevLogIndex = logIndex(run.firstIndex - 1)
    this.prevLogTerm = prevLogTerm
    this.leaderCommit = leaderCommit
    this.entries = run.entries
    this.#run = run
  }

  /** The run of an append's entries; a new one, if whoever made it knew none. */
  static runOf(message: AppendEntries): EntriesRun {
    return #run in message ? message.#run : new EntriesRun(logIndex(message.prevLogIndex + 1), message.entries)
  }
}
