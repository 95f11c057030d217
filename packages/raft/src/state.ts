import type { Leadership, Members, NodeId, Random, SnapshotMeta, Token } from '@quorate/contracts'
import type { RaftConfig } from './config.js'
import type { Log } from './log/index.js'
import { confStateOf, type ConfState } from './membership/conf-state.js'
import { Outbox } from './outbox.js'
import type { JointQuorum } from './quorum/index.js'
import type { HardState } from './record.js'
import type { Progress } from './tracker/index.js'
import type { LogIndex, Term } from './units.js'

/** What a member is in its term. */
export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader'

/** A barrier's round: confirmed when a quorum has answered a heartbeat of this round or a later one. */
export interface ReadRound {
  readonly round: number
  readonly index: LogIndex
  readonly tokens: readonly Token[]
}

/** An own proposal that was truncated here, and whose place is not decided yet. */
export interface DeposedToken {
  readonly term: Term
  readonly token: Token
}

/** A snapshot that was asked for, and who offered it. */
export interface Fetching {
  readonly from: NodeId
  readonly meta: SnapshotMeta
}

/** Leadership being handed over. The token may outlive the office in which it was asked for. */
export interface Transfer {
  readonly token: Token
  readonly to: NodeId
  readonly term: Term
  elapsedTicks: number
  /** The target was told to campaign: from now on it may lead. */
  isSent: boolean
}

/** A leader whose process is gone, as its own machine says (decision D41), and when to ask for pre-votes next. */
export interface Suspicion {
  readonly leader: NodeId
  waitTicks: number
}

/**
 * Everything one member knows. Plain data that the conversations change: `roles` alone writes role and term, `election`
 * the votes, `replication` the progress of followers, and so on.
 */
export interface RaftState {
  readonly self: NodeId
  readonly config: RaftConfig
  readonly random: Random
  readonly outbox: Outbox
  readonly log: Log
  members: Members
  conf: ConfState
  quorum: JointQuorum

  hardState: HardState
  role: Role
  leader: NodeId | null
  commitIndex: LogIndex
  /** Handed to the machine up to here. */
  deliveredIndex: LogIndex
  lastApplied: LogIndex
  unappliedBytes: number
  /** Own proposals that were truncated, by index. */
  readonly deposed: Map<number, DeposedToken[]>

  /** The newest snapshot that is durable here and that the journal was released to. */
  snapshot: SnapshotMeta | null
  fetching: Fetching | null
  /** The machine's state is being replaced by the snapshot; nothing is delivered before it has been. */
  isInstalling: boolean

  electionElapsedTicks: number
  electionTimeoutTicks: number
  heartbeatElapsedTicks: number
  /** How long this member's own disk has answered nothing, while something was waiting for it. */
  diskElapsedTicks: number
  suspicion: Suspicion | null
  transfer: Transfer | null

  /** Who answered the campaign under way, and how. */
  readonly votes: Map<NodeId, boolean>
  /** The record that holds this member's vote for itself; it counts once that is durable. */
  ownVoteSequence: number | null

  /** Of the leader: what it believes about each other member, in the order of their ids. */
  readonly progress: Map<NodeId, Progress>
  uncommittedBytes: number
  /** Something may have to be sent to followers when the next Ready is taken. */
  isReplicationDue: boolean
  readRound: number
  /** Barriers that no round was started for yet. */
  waitingReads: Token[]
  readRounds: ReadRound[]
  /** Barriers in both. */
  pendingReads: number

  announced: Leadership | null
  /** The last message that claimed more than can be: for the status alone. */
  refusedJump: { readonly from: NodeId; readonly what: string } | null
}

/** A follower of term 0 that has heard nothing. */
export function newState(
  start: {
    readonly self: NodeId
    readonly random: Random
    readonly members: Members
    readonly conf: ConfState | null
    readonly snapshot: SnapshotMeta | null
  },
  config: RaftConfig,
  log: Log,
  nextSequence: number,
  hardState: HardState,
): RaftState {
  const state: RaftState = {
    self: start.self,
    config,
    random: start.random,
    outbox: new Outbox(nextSequence),
    log,
    members: [],
    conf: confStateOf([]),
    quorum: { incoming: [], outgoing: [] },
    hardState,
    role: 'follower',
    leader: null,
    commitIndex: log.base.index,
    deliveredIndex: log.base.index,
    lastApplied: log.base.index,
    unappliedBytes: 0,
    deposed: new Map(),
    snapshot: start.snapshot,
    fetching: null,
    isInstalling: false,
    electionElapsedTicks: 0,
    electionTimeoutTicks: config.electionTicksMin,
    heartbeatElapsedTicks: 0,
    diskElapsedTicks: 0,
    suspicion: null,
    transfer: null,
    refusedJump: null,
    votes: new Map(),
    ownVoteSequence: null,
    progress: new Map(),
    uncommittedBytes: 0,
    isReplicationDue: false,
    readRound: 0,
    waitingReads: [],
    readRounds: [],
    pendingReads: 0,
    announced: null,
  }
  useMembers(state, start.members, start.conf ?? confStateOf(start.members))
  return state
}

/** Puts a configuration into effect. */
export function useMembers(state: RaftState, members: Members, conf: ConfState = confStateOf(members)): void {
  state.members = members
  state.conf = conf
  state.quorum = { incoming: state.conf.voters, outgoing: state.conf.votersOutgoing }
}

/** The members other than this one, in the order of their ids. */
export function peersOf(state: RaftState): NodeId[] {
  return state.members.map((member) => member.id).filter((id) => id !== state.self)
}

/**
 * True if this member knows the other. An answer from a stranger cannot depose anybody: it was asked by a leader or
 * candidate of which this member knows nothing any more.
 */
export function isMember(state: RaftState, id: NodeId): boolean {
  return state.members.some((member) => member.id === id)
}

/** True if this member is the only voter: then nobody can have been elected while it did not look. */
export function isOnlyVoter(state: RaftState): boolean {
  const { voters, votersOutgoing } = state.conf
  return voters.length === 1 && voters[0] === state.self && votersOutgoing.length === 0
}
