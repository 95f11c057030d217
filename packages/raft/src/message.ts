import type { SnapshotMeta } from '@quorate/contracts'
import type { Entry } from './entry.js'
import type { LogIndex, Term } from './units.js'

/** Would you vote for me, if I started an election in `term`? Binds nobody (thesis §9.6). */
export interface RequestPreVote {
  readonly kind: 'requestPreVote'
  /** The term that the sender would campaign in: one above its own. */
  readonly term: Term
  readonly lastLogIndex: LogIndex
  readonly lastLogTerm: Term
}

/** `term` is the campaign's if it is granted, else the voter's own. */
export interface RequestPreVoteReply {
  readonly kind: 'requestPreVoteReply'
  readonly term: Term
  readonly voteGranted: boolean
}

/** Invoked by candidates to gather votes (§5.2). */
export interface RequestVote {
  readonly kind: 'requestVote'
  readonly term: Term
  readonly lastLogIndex: LogIndex
  readonly lastLogTerm: Term
  /** The leader itself asked for this election: who hears it votes all the same (thesis §4.2.3). */
  readonly isTransfer?: true
}

/** A vote, or its refusal. Leaves when the vote is durable. */
export interface RequestVoteReply {
  readonly kind: 'requestVoteReply'
  readonly term: Term
  readonly voteGranted: boolean
}

/** Invoked by the leader to replicate entries (§5.3). */
export interface AppendEntries {
  readonly kind: 'appendEntries'
  readonly term: Term
  readonly prevLogIndex: LogIndex
  readonly prevLogTerm: Term
  readonly entries: readonly Entry[]
  readonly leaderCommit: LogIndex
}

/** The follower has everything up to `matchIndex`, durably. */
export interface AppendEntriesAccepted {
  readonly kind: 'appendEntriesReply'
  readonly term: Term
  readonly success: true
  readonly matchIndex: LogIndex
}

/**
 * The follower has no entry of that name at `prevLogIndex`. Its own log agrees at best up to `hintIndex`: the last index,
 * not above `prevLogIndex`, whose term `hintTerm` is not above the leader's.
 */
export interface AppendEntriesRejected {
  readonly kind: 'appendEntriesReply'
  readonly term: Term
  readonly success: false
  readonly prevLogIndex: LogIndex
  readonly hintIndex: LogIndex
  readonly hintTerm: Term
}

/** The answer to {@link AppendEntries}. */
export type AppendEntriesReply = AppendEntriesAccepted | AppendEntriesRejected

/** Keeps authority, tells how far is committed, and carries the leader's round of reads (§6.4 of the thesis). */
export interface Heartbeat {
  readonly kind: 'heartbeat'
  readonly term: Term
  /** At most what this follower is known to have. */
  readonly leaderCommit: LogIndex
  readonly round: number
}

/** The sender still follows this leader, in this round. */
export interface HeartbeatReply {
  readonly kind: 'heartbeatReply'
  readonly term: Term
  readonly round: number
}

/**
 * Offers a snapshot to a follower that lacks entries which the leader no longer has (§7). The image is not part of it:
 * the follower's driver pulls it (decision D7).
 */
export interface InstallSnapshot {
  readonly kind: 'installSnapshot'
  readonly term: Term
  readonly meta: SnapshotMeta
}

/**
 * The answer to an offer of `position`. With success the follower has everything up to `matchIndex`, durably, by this
 * image or without it. Without, the image could not be had: another one is needed.
 */
export interface InstallSnapshotReply {
  readonly kind: 'installSnapshotReply'
  readonly term: Term
  readonly success: boolean
  readonly position: LogIndex
  readonly matchIndex: LogIndex
}

/** The leader hands over to a follower that has everything: campaign now (thesis §3.10). */
export interface TimeoutNow {
  readonly kind: 'timeoutNow'
  readonly term: Term
}

/** What members running Raft say to each other. */
export type RaftMessage =
  | RequestPreVote
  | RequestPreVoteReply
  | RequestVote
  | RequestVoteReply
  | AppendEntries
  | AppendEntriesReply
  | Heartbeat
  | HeartbeatReply
  | InstallSnapshot
  | InstallSnapshotReply
  | TimeoutNow

/** What an operator may ask of this protocol alone: an election, now. */
export interface RaftAdmin {
  readonly kind: 'campaign'
}
