import { assert, position, sequence, type NodeId, type Position, type SnapshotMeta } from '@quorate/contracts'
import { skipTo } from './delivery.js'
import type { EntryId } from './entry.js'
import type { InstallSnapshot, InstallSnapshotReply } from './message.js'
import { followLeader, progressOfSender } from './roles.js'
import { useMembers, type RaftState } from './state.js'
import type { Progress } from './tracker/index.js'
import { logIndex, term, type LogIndex } from './units.js'
import { decodeConfState, encodeConfState } from './wire/conf-state-codec.js'

/**
 * What a snapshot of this position stands for: its term and the configuration as of it (F-18). Null if a snapshot beyond
 * it is here already, or the machine cannot be there.
 */
export function snapshotMetaAt(state: RaftState, at: Position): SnapshotMeta | null {
  const epoch = state.log.termAt(at)
  if (epoch === null || at > state.deliveredIndex || at < (state.snapshot?.position ?? 0)) return null
  return { position: position(at), epoch, members: state.members, protocol: encodeConfState(state.conf) }
}

/**
 * A snapshot of this member's own machine is durable: the journal may forget what it stands for, and so may the log, but
 * for a tail that followers a little behind still need (§7).
 */
export function onSnapshotSaved(state: RaftState, meta: SnapshotMeta): void {
  if (meta.position <= (state.snapshot?.position ?? 0)) return
  assert(meta.position <= state.lastApplied, 'a snapshot is of what the machine has applied')
  state.snapshot = meta
  release(state, meta, state.outbox.persistHardState(state.hardState))
  state.log.compactTo(compactionIndex(state, meta.position))
}

/** Offers the newest snapshot to every follower that needs one and was not offered it yet. */
export function sendDueOffers(state: RaftState): void {
  state.progress.forEach((progress, peer) => {
    if (progress.phase === 'snapshot' && !progress.isWaiting) sendOffer(state, peer, progress)
  })
}

/**
 * Asks for the offered image, if it is ahead of what is committed here. One at a time: while an image is fetched other
 * offers are ignored, and while one is installed all are. The leader offers again when a heartbeat is answered.
 */
export function onInstallSnapshot(state: RaftState, from: NodeId, message: InstallSnapshot): void {
  const { meta } = message
  if (message.term < state.hardState.currentTerm) {
    reply(state, from, meta, false)
    return
  }
  if (!followLeader(state, from, message.term) || state.isInstalling) return
  if (meta.position <= state.commitIndex) {
    reply(state, from, meta, true)
  } else if (state.fetching === null) {
    state.fetching = state.outbox.fetchSnapshot = { from, meta }
  }
}

/** The image could not be had. Whoever leads offers another one, when it has one. */
export function onSnapshotFailed(state: RaftState, meta: SnapshotMeta): void {
  const fetching = takeFetching(state, meta)
  if (fetching) reply(state, state.leader ?? fetching.from, meta, false)
}

/**
 * The image that was asked for is durable here. It replaces what it is ahead of, and its configuration replaces the one
 * in effect, which may have been of an entry that was never committed (F-18).
 *
 * Figure 13, decided once: if the log has the snapshot's last entry, what is behind it stays; if not, the log is of
 * another history, and nothing of it stays (F-17).
 */
export function onSnapshotFetched(state: RaftState, meta: SnapshotMeta): void {
  const fetching = takeFetching(state, meta)
  if (!fetching || state.role === 'leader' || meta.position <= state.commitIndex) return
  const last: EntryId = { index: logIndex(meta.position), term: term(meta.epoch) }
  const isSameHistory = state.log.termAt(last.index) === last.term
  if (!isSameHistory) settleBehind(state, last.index)
  skipTo(state, last.index, last.term)
  state.snapshot = meta
  useMembers(state, meta.members, decodeConfState(meta.protocol))
  state.outbox.members = meta.members
  state.isInstalling = true
  state.outbox.installSnapshot = meta
  const first = state.outbox.persistHardState(state.hardState)
  if (isSameHistory) {
    state.log.compactTo(last.index)
  } else {
    state.log.resetTo(last)
    state.outbox.persistReset(last)
  }
  release(state, meta, first)
  reply(state, state.leader ?? fetching.from, meta, true)
}

/** The follower has the image, or needs none, or needs another. Returns whether more is known to be replicated. */
export function onInstallSnapshotReply(state: RaftState, from: NodeId, message: InstallSnapshotReply): boolean {
  const progress = progressOfSender(state, from, message.term)
  if (!progress) return false
  progress.isRecentlyActive = true
  if (message.success) {
    if (message.matchIndex > state.log.lastIndex) return false
    state.isReplicationDue = true
    return progress.onInstalled(message.matchIndex)
  }
  if (progress.phase !== 'snapshot') return false
  progress.offeredIndex = null
  // The one that failed is offered again only when a heartbeat is answered, not in a circle.
  progress.isWaiting = state.snapshot === null || logIndex(state.snapshot.position) === message.position
  state.isReplicationDue = true
  return false
}

function sendOffer({ snapshot, outbox, hardState }: RaftState, peer: NodeId, progress: Progress): void {
  assert(snapshot !== null, 'the log goes back to a snapshot')
  progress.isWaiting = true
  progress.offeredIndex ??= snapshot.position
  outbox.send(peer, { kind: 'installSnapshot', term: hardState.currentTerm, meta: snapshot })
}

function takeFetching(state: RaftState, meta: SnapshotMeta): RaftState['fetching'] {
  const { fetching } = state
  if (fetching?.meta.position !== meta.position) return null
  state.fetching = null
  return fetching
}

/** Entries behind one that another committed one replaces can never be committed: whoever holds them lacks that one. */
function settleBehind(state: RaftState, index: LogIndex): void {
  for (let at = index + 1; at <= state.log.lastIndex; at += 1) {
    const token = state.log.tokenAt(at)
    if (token !== null) state.outbox.settle(token, { kind: 'overwritten' })
  }
}

/** Order 7.3: what must outlive the journal below has just been recorded again, from `first` on. */
function release({ log, outbox }: RaftState, meta: SnapshotMeta, first: number): void {
  const lowest = meta.position < log.lastIndex ? log.sequenceAt(meta.position + 1) : Infinity
  outbox.release = { sequence: sequence(Math.min(first, lowest)), snapshot: meta.position }
}

/** A tail for those a little behind, and a longer one for those who fetch an image and need what comes after it (D7). */
function compactionIndex(state: RaftState, saved: number): number {
  const { tailEntriesMax, tailBytesMax, transferTailBytesMax } = state.config
  const offered = Math.min(...[...state.progress.values()].map(({ offeredIndex }) => offeredIndex ?? Infinity))
  const tail = state.log.startOfTail(saved, tailEntriesMax, tailBytesMax)
  if (offered >= tail) return tail
  return Math.max(offered, state.log.base.index, state.log.startOfTail(saved, Infinity, transferTailBytesMax))
}

function reply(state: RaftState, to: NodeId, meta: SnapshotMeta, success: boolean): void {
  state.outbox.send(to, {
    kind: 'installSnapshotReply',
    term: state.hardState.currentTerm,
    success,
    position: logIndex(meta.position),
    matchIndex: success ? state.commitIndex : logIndex(0),
  })
}
