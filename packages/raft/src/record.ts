import type { Members, NodeId } from '@quorate/contracts'
import type { Entry, EntryId } from './entry.js'
import type { LogIndex, Term } from './units.js'

/** Term and vote: what a member must remember, in one record, so that it never votes twice in a term (§5.2). */
export interface HardState {
  readonly currentTerm: Term
  readonly votedFor: NodeId | null
}

/** The members that a cluster was founded with: the first record of a founder. */
export interface BootstrapRecord {
  readonly kind: 'bootstrap'
  readonly members: Members
}

/** A new term or vote. */
export interface HardStateRecord {
  readonly kind: 'hardState'
  readonly hardState: HardState
}

/** Keeps the log below `firstIndex` and replaces everything from there by these entries. */
export interface EntriesRecord {
  readonly kind: 'entries'
  readonly firstIndex: LogIndex
  readonly entries: readonly Entry[]
}

/** Forgets the whole log: it goes on behind this entry, for which an installed snapshot stands (Figure 13). */
export interface ResetRecord {
  readonly kind: 'reset'
  readonly base: EntryId
}

/** What a member running Raft makes durable. A record says what it did, so that the fold never has to guess. */
export type RaftRecord = BootstrapRecord | HardStateRecord | EntriesRecord | ResetRecord
