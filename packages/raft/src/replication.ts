import { assert, type NodeId, type Token } from '@quorate/contracts'
import { Append } from './append.js'
import { whyAtEnd } from './bounds.js'
import { sizeOfEntry, type Entry } from './entry.js'
import type { AppendEntriesReply, HeartbeatReply } from './message.js'
import { jointIndex, jointVote } from './quorum/index.js'
import { onRoundAcked } from './reads.js'
import { becomeFollower, progressOfSender } from './roles.js'
import { isOnlyVoter, type RaftState } from './state.js'
import type { Progress } from './tracker/index.js'
import { logIndex, type LogIndex } from './units.js'

/**
 * Time passes for a leader: heartbeats, and once per shortest election timeout the question whether a majority still
 * answers (thesis §6.2). A leader that stood still for that long gives up before it answers anything (decision D1), and so
 * does one whose disk has: its heartbeats would keep others from doing what it no longer can (W27).
 */
export function tickLeader(state: RaftState, missed: number): void {
  const { electionTicksMin, heartbeatTicks, checkQuorum } = state.config
  const isStalled = 1 + missed >= electionTicksMin || isDiskStalled(state, missed)
  if (isStalled && !isOnlyVoter(state)) {
    becomeFollower(state, state.hardState.currentTerm, null)
    return
  }
  // Answers of a shorter stall may still wait to be handled: the question is put one tick later.
  const elapsedMax = missed > 0 ? electionTicksMin - 1 : electionTicksMin
  state.electionElapsedTicks = Math.min(state.electionElapsedTicks + 1 + missed, elapsedMax)
  state.heartbeatElapsedTicks += 1 + missed
  if (state.electionElapsedTicks >= electionTicksMin) {
    state.electionElapsedTicks = 0
    if (checkQuorum && !isHeardByQuorum(state)) {
      becomeFollower(state, state.hardState.currentTerm, null)
      return
    }
  }
  if (state.heartbeatElapsedTicks >= heartbeatTicks) sendHeartbeats(state)
}

/** Tells every follower that this member leads, how far it may commit, and the latest round of reads. */
export function sendHeartbeats(state: RaftState): void {
  state.heartbeatElapsedTicks = 0
  const { currentTerm: term } = state.hardState
  for (const [peer, progress] of state.progress) {
    const leaderCommit = Math.min(state.commitIndex, progress.matchIndex) as LogIndex
    progress.toldCommit = Math.max(progress.toldCommit, leaderCommit)
    state.outbox.send(peer, { kind: 'heartbeat', term, leaderCommit, round: state.readRound })
  }
}

/** Appends a caller's command to the leader's log, or says why not. */
export function onPropose(state: RaftState, token: Token, command: Uint8Array, epoch?: number): void {
  const { commandBytesMax, uncommittedBytesMax, uncommittedEntriesMax } = state.config
  const { currentTerm } = state.hardState
  if (state.role !== 'leader' || (epoch !== undefined && epoch !== currentTerm)) {
    const detail = `${state.self} does not lead${epoch === undefined ? '' : ` in term ${epoch}`}`
    state.outbox.settle(token, { kind: 'refused', reason: 'notLeader', leader: state.leader, detail })
    return
  }
  if (state.transfer) {
    const detail = `leadership is being handed to ${state.transfer.to}: it goes on there, or here after a moment`
    state.outbox.settle(token, { kind: 'refused', reason: 'inProgress', leader: state.leader, detail })
    return
  }
  if (command.length > commandBytesMax) {
    const detail = `${command.length} bytes are more than ${commandBytesMax}`
    state.outbox.settle(token, { kind: 'refused', reason: 'tooLarge', leader: state.leader, detail })
    return
  }
  const waiting = state.log.lastIndex - state.commitIndex
  const isOverBytes = state.uncommittedBytes > 0 && state.uncommittedBytes + command.length > uncommittedBytesMax
  if (isOverBytes || waiting >= uncommittedEntriesMax) {
    const detail = `${waiting} entries with ${state.uncommittedBytes} bytes wait for a majority already`
    state.outbox.settle(token, { kind: 'refused', reason: 'overloaded', leader: state.leader, detail })
    return
  }
  const atEnd = whyAtEnd(state)
  if (atEnd !== null) {
    state.outbox.settle(token, { kind: 'refused', reason: 'unsupported', leader: state.leader, detail: atEnd })
    return
  }
  if (isMachineBehind(state)) {
    const detail = `${state.commitIndex - state.lastApplied} entries are committed and not yet applied here`
    state.outbox.settle(token, { kind: 'refused', reason: 'overloaded', leader: state.leader, detail })
    return
  }
  const entry: Entry = {
    index: (state.log.lastIndex + 1) as LogIndex,
    term: state.hardState.currentTerm,
    kind: 'command',
    data: command,
  }
  state.log.append(entry, state.outbox.persistEntry(entry), token)
  state.uncommittedBytes += sizeOfEntry(entry)
  state.isReplicationDue = true
}

/**
 * More is committed than the machine may be given, or than it may have before it: a majority that is quicker than the
 * machine would let the log grow for ever (decision D37).
 */
function isMachineBehind({ commitIndex, deliveredIndex, lastApplied, unappliedBytes, config }: RaftState): boolean {
  const isGivenAll = commitIndex > deliveredIndex && unappliedBytes >= config.unappliedBytesMax
  return isGivenAll || commitIndex - lastApplied >= config.unappliedEntriesMax
}

/** Sends followers what they lack, gathered over all that happened since the last Ready. */
export function sendDueEntries(state: RaftState): void {
  state.progress.forEach((progress, peer) => {
    sendEntries(state, peer, progress)
  })
  state.isReplicationDue = false
}

export function onAppendEntriesReply(state: RaftState, from: NodeId, message: AppendEntriesReply): void {
  const progress = progressOfSender(state, from, message.term)
  if (!progress) return
  progress.isRecentlyActive = true
  if (message.success) {
    if (message.matchIndex > state.log.lastIndex) return
    if (progress.onAccepted(message.matchIndex) && message.matchIndex > state.commitIndex) advanceCommitIndex(state)
    // It needs no image after all, if it came this far without one.
    if (progress.phase === 'snapshot' && message.matchIndex >= state.log.base.index) {
      progress.onInstalled(message.matchIndex)
    }
  } else {
    // A hint from before the window stays what it is: that follower needs what is no longer here.
    const { base } = state.log
    const isBefore = message.hintIndex < base.index
    const hint = isBefore
      ? message.hintIndex
      : state.log.lastIdWithTermAtMost(message.hintIndex, message.hintTerm).index
    progress.onRejected(message.prevLogIndex, hint)
  }
  if (progress.phase === 'snapshot' || isOwed(state, progress)) state.isReplicationDue = true
}

/** The follower is there. Whatever waits for an answer that may be lost is sent again, or asked for by an empty append. */
export function onHeartbeatReply(state: RaftState, from: NodeId, message: HeartbeatReply): void {
  const progress = progressOfSender(state, from, message.term)
  if (!progress) return
  progress.isRecentlyActive = true
  progress.isWaiting = false
  if (progress.inflights.isFull) progress.inflights.freeFirst()
  if (progress.phase === 'snapshot') state.isReplicationDue = true
  else if (progress.matchIndex < state.log.lastIndex) sendEntries(state, from, progress, true)
  if (message.round > progress.ackedRound && message.round <= state.readRound) {
    progress.ackedRound = message.round
    onRoundAcked(state)
  }
}

/** Something on its way to this peer may be lost: start again behind what is certain. */
export function onLinkChanged(state: RaftState, peer: NodeId, isUp: boolean): void {
  const progress = state.progress.get(peer)
  if (!progress) return
  if (progress.phase !== 'snapshot') progress.becomeProbe()
  progress.isWaiting = !isUp
  if (isUp) state.isReplicationDue = true
}

/**
 * Moves the leader's commit index to the newest entry of **its own term** that a quorum has persisted.
 *
 * Counting copies of an older term's entry is not enough. In Figure 8 a leader of term 4 spreads an entry of term 2 to a
 * majority and dies; a server that holds an entry of term 3 may still win and overwrite it. An entry of the current term
 * ends that danger, and everything before it is then committed with it (§5.4.2). The leader counts itself only up to what
 * its own disk has answered for. Returns whether the index moved.
 */
export function advanceCommitIndex(state: RaftState): boolean {
  if (state.role !== 'leader') return false
  const index = jointIndex(state.quorum, (voter) =>
    voter === state.self ? state.log.persistedIndex : (state.progress.get(voter)?.matchIndex ?? 0),
  )
  if (index <= state.commitIndex || index === Infinity) return false
  if (state.log.termAt(index) !== state.hardState.currentTerm) return false
  state.uncommittedBytes -= state.log.bytesBetween(state.commitIndex + 1, index)
  state.commitIndex = index as LogIndex
  state.isReplicationDue = true
  return true
}

/** True if something has waited for the disk for the longest election timeout, and nothing was answered meanwhile. */
function isDiskStalled(state: RaftState, missed: number): boolean {
  const isWaiting = state.outbox.nextSequence - 1 > state.log.durableSequence
  state.diskElapsedTicks = isWaiting ? state.diskElapsedTicks + 1 + missed : 0
  return state.diskElapsedTicks > state.config.electionTicksMax
}

function isHeardByQuorum(state: RaftState): boolean {
  const result = jointVote(state.quorum, (voter) => voter === state.self || state.progress.get(voter)?.isRecentlyActive)
  for (const progress of state.progress.values()) progress.isRecentlyActive = false
  return result === 'won'
}

/**
 * Sends a follower the entries it lacks as far as its window allows; an empty append when there are none but the commit
 * index is news, or when `always` asks whether something was lost on the way. If it lacks what is no longer here, it has
 * to be offered a snapshot.
 */
function sendEntries(state: RaftState, peer: NodeId, progress: Progress, always = false): void {
  let isAsked = always
  if (progress.phase !== 'snapshot' && progress.nextIndex <= state.log.base.index) {
    progress.becomeSnapshot()
    state.isReplicationDue = true
  }
  while (progress.canSend) {
    if (!isAsked && !isOwed(state, progress)) return
    sendAppend(state, peer, progress)
    isAsked = false
  }
}

/** True if the follower lacks entries, or the news that more is committed, or was not found yet. */
function isOwed({ log, commitIndex }: RaftState, { phase, matchIndex, nextIndex, toldCommit }: Progress): boolean {
  const hasEntries = nextIndex <= log.lastIndex
  const isCommitNews = Math.min(commitIndex, nextIndex - 1) > toldCommit
  const isProbeOwed = phase === 'probe' && matchIndex < log.lastIndex
  return hasEntries || isCommitNews || isProbeOwed
}

function sendAppend(state: RaftState, peer: NodeId, progress: Progress): void {
  const { batchBytesMax, batchEntriesMax } = state.config
  const prevLogIndex = (progress.nextIndex - 1) as LogIndex
  const prevLogTerm = state.log.termAt(prevLogIndex)
  assert(prevLogTerm !== null, () => `entry ${prevLogIndex} is in the window, or the base of it`)
  const { entries, bytes } = state.log.slice(progress.nextIndex, batchBytesMax, batchEntriesMax)
  const lastSent = prevLogIndex + entries.length
  const run = state.outbox.runOf(logIndex(progress.nextIndex), entries)
  state.outbox.send(peer, new Append(state.hardState.currentTerm, prevLogTerm, state.commitIndex, run))
  progress.toldCommit = Math.max(progress.toldCommit, Math.min(state.commitIndex, lastSent))
  progress.onSent(lastSent, entries.length, bytes)
}
