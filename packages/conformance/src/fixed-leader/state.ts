import {
  assert,
  type Members,
  type NodeId,
  type Position,
  type ProtocolStart,
  type SnapshotMeta,
  type Token,
} from '@quorate/contracts'
import { newFollower, type Follower } from './follower.js'
import type { Log } from './log.js'
import { Outbox } from './outbox.js'

/** Everything that one member knows. */
export interface FixedLeaderState {
  readonly self: NodeId
  readonly leader: NodeId
  readonly members: Members
  readonly log: Log
  readonly outbox: Outbox
  /** As the leader sees them; none on a follower. */
  readonly followers: readonly Follower[]
  /** How far an earlier life wrote: what it acknowledged is committed again before a read is answered. */
  recoveredLast: number
  /** The newest snapshot that is durable here and that the journal was released to; 0: none. */
  snapshot: number
  commit: number
  /** Handed to the machine, or replaced by a snapshot on its way there. */
  delivered: number
  ticks: number
  waitingReads: Token[]
  /** The snapshot that was asked for. */
  fetching: Position | null
  /** The snapshot that is replacing the machine's state. */
  installing: Position | null
}

/** A member as it starts on what it recovered. */
export function newState(
  { self, leader, members }: { readonly self: NodeId; readonly leader: NodeId; readonly members: Members },
  log: Log,
  nextSequence: number,
): FixedLeaderState {
  const others = self === leader ? members.filter(({ id }) => id !== self) : []
  return {
    self,
    leader,
    members,
    log,
    outbox: new Outbox(nextSequence),
    followers: others.map((member) => newFollower(member, log.last)),
    recoveredLast: log.last,
    snapshot: log.base,
    commit: log.base,
    delivered: log.base,
    ticks: 0,
    waitingReads: [],
    fetching: null,
    installing: null,
  }
}

/** The founders for ever, as the snapshot has them or as they are handed over at every start. */
export function membersOf({ snapshot, bootstrap }: ProtocolStart, leader: NodeId): Members {
  const members = snapshot?.members ?? bootstrap ?? []
  const isVoter = members.some(({ id, role }) => id === leader && role === 'voter')
  assert(isVoter, () => `${leader} leads and is no voting member`)
  return members
}

export function leads({ self, leader }: FixedLeaderState): boolean {
  return self === leader
}

/** Puts a command behind the log. */
export function append(state: FixedLeaderState, command: Uint8Array, token: Token | null): void {
  const { log, outbox } = state
  log.append({ command, token, sequence: outbox.persist({ kind: 'entry', position: log.last + 1, command }) })
}

/** What a snapshot of this position stands for: nothing but the position ever differs. */
export function metaOf({ members }: FixedLeaderState, at: Position): SnapshotMeta {
  return { position: at, epoch: 1, members, protocol: new Uint8Array() }
}
