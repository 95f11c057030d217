import type { NodeId } from '@quorate/contracts'
import { whyAtEnd } from './bounds.js'
import { isVoter } from './membership/conf-state.js'
import type {
  RaftMessage,
  RequestPreVote,
  RequestPreVoteReply,
  RequestVote,
  RequestVoteReply,
  TimeoutNow,
} from './message.js'
import { jointVote } from './quorum/index.js'
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  resetElectionTimer,
  voteFor,
} from './roles.js'
import { isMember, peersOf, type RaftState } from './state.js'
import { term as termOf } from './units.js'

/**
 * Time passes for a member that does not lead. Ticks that a stall swallowed count, but start no election by themselves:
 * the leader's messages of that time may still wait to be handled (decision D1).
 */
export function tickElection(state: RaftState, missed: number): void {
  state.electionElapsedTicks += 1 + missed
  if (missed > 0) state.electionElapsedTicks = Math.min(state.electionElapsedTicks, state.electionTimeoutTicks - 1)
  if (state.suspicion) {
    state.suspicion.waitTicks -= 1
    maybeAskAhead(state)
  }
  if (state.electionElapsedTicks < state.electionTimeoutTicks) return
  if (isVoter(state.conf, state.self)) {
    campaign(state)
  } else {
    becomeFollower(state, state.hardState.currentTerm, null)
    resetElectionTimer(state)
  }
}

/** Tries to become the leader: by asking first, if so configured. */
export function campaign(state: RaftState): void {
  if (state.role === 'leader' || !isVoter(state.conf, state.self) || whyAtEnd(state) !== null) return
  if (!state.config.preVote) {
    startElection(state)
    return
  }
  becomePreCandidate(state)
  askVoters(state, { kind: 'requestPreVote', term: termOf(state.hardState.currentTerm + 1), ...lastEntryOf(state) })
  countPreVotes(state)
}

/** Starts an election without asking first. */
export function startElection(state: RaftState, isTransfer = false): void {
  becomeCandidate(state)
  const message: RequestVote = { kind: 'requestVote', term: state.hardState.currentTerm, ...lastEntryOf(state) }
  askVoters(state, isTransfer ? { ...message, isTransfer } : message)
}

/** The leader of this term hands over: campaign at once, and be voted for by those who hear it (thesis §3.10). */
export function onTimeoutNow(state: RaftState, from: NodeId, message: TimeoutNow): void {
  const isOfLeader = message.term === state.hardState.currentTerm && state.leader === from
  if (isOfLeader && isVoter(state.conf, state.self) && whyAtEnd(state) === null) startElection(state, true)
}

/**
 * The leader's machine answers that its process is gone (decision D41): ask for pre-votes after a moment, so that not all
 * ask at once. They bind nobody, and who still hears the leader refuses them.
 */
export function onPeerGone(state: RaftState, peer: NodeId): void {
  const { fastSuspicion, preVote } = state.config
  if (!fastSuspicion || !preVote || state.leader !== peer || state.role !== 'follower') return
  state.suspicion = { leader: peer, waitTicks: state.random.nextInt(3) }
  maybeAskAhead(state)
}

/** The peer is there again. */
export function onPeerBack(state: RaftState, peer: NodeId): void {
  if (state.suspicion?.leader === peer) state.suspicion = null
}

function maybeAskAhead(state: RaftState): void {
  const { suspicion } = state
  if (!suspicion || suspicion.waitTicks > 0) return
  suspicion.waitTicks = suspicionTicks(state)
  campaign(state)
}

/** Retries are spread: two candidates that collide cost a full timeout. */
function suspicionTicks(state: RaftState): number {
  return 2 + state.random.nextInt(4)
}

/** This member's own disk has answered up to this record: its vote for itself may count now. */
export function onOwnVotePersisted(state: RaftState, sequence: number): void {
  if (state.role !== 'candidate' || state.ownVoteSequence === null || sequence < state.ownVoteSequence) return
  state.ownVoteSequence = null
  state.votes.set(state.self, true)
  countVotes(state)
}

/**
 * Grants if the campaign's term is news, its log is at least as up to date as ours, and no leader was heard within the
 * shortest election timeout (thesis §9.6, §4.2.3). Changes nothing here.
 */
export function onRequestPreVote(state: RaftState, from: NodeId, message: RequestPreVote): void {
  const { currentTerm } = state.hardState
  const voteGranted =
    message.term > currentTerm && !hearsLeader(state) && state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)
  // Who was asked first lets the other go ahead.
  if (voteGranted && state.suspicion) state.suspicion.waitTicks += suspicionTicks(state)
  const term = voteGranted ? message.term : currentTerm
  state.outbox.send(from, { kind: 'requestPreVoteReply', term, voteGranted })
}

/** Counts what was granted for the campaign under way. A refusal is told only for its term: it may come late. */
export function onRequestPreVoteReply(state: RaftState, from: NodeId, message: RequestPreVoteReply): void {
  const { currentTerm } = state.hardState
  if (!message.voteGranted) {
    if (message.term > currentTerm && isMember(state, from)) becomeFollower(state, message.term, null)
    return
  }
  if (state.role !== 'preCandidate' || message.term !== currentTerm + 1) return
  state.votes.set(from, true)
  countPreVotes(state)
}

/**
 * Votes for the first candidate of a term whose log is at least as up to date as ours (§5.2, §5.4.1).
 *
 * While a leader is heard, a later term is not even looked at: a removed or cut-off member must not depose a leader that
 * a majority follows (thesis §4.2.3).
 */
export function onRequestVote(state: RaftState, from: NodeId, message: RequestVote): void {
  if (message.term > state.hardState.currentTerm) {
    if (hearsLeader(state) && !message.isTransfer) return
    becomeFollower(state, message.term, null)
  }
  const { currentTerm, votedFor } = state.hardState
  const voteGranted =
    message.term === currentTerm &&
    (votedFor === null || votedFor === from) &&
    state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)
  if (voteGranted) {
    if (state.role !== 'follower') becomeFollower(state, currentTerm, null)
    voteFor(state, from)
    resetElectionTimer(state)
  }
  state.outbox.send(from, { kind: 'requestVoteReply', term: currentTerm, voteGranted })
}

/** Counts each voter's first answer to the election of this term. */
export function onRequestVoteReply(state: RaftState, from: NodeId, message: RequestVoteReply): void {
  if (message.term > state.hardState.currentTerm) {
    if (isMember(state, from)) becomeFollower(state, message.term, null)
    return
  }
  if (message.term < state.hardState.currentTerm || state.role !== 'candidate') return
  if (!state.votes.has(from)) state.votes.set(from, message.voteGranted)
  countVotes(state)
}

/**
 * True while a leader of the current term was heard within the shortest election timeout and is not known to be gone, or
 * is this member.
 *
 * Only together with the check of the quorum: a leader that sends but hears nobody would never step down by itself, and
 * members that go on hearing it would keep all others from replacing it.
 */
function hearsLeader(state: RaftState): boolean {
  if (!state.config.checkQuorum || state.leader === null) return false
  if (state.role === 'leader') return true
  if (state.suspicion?.leader === state.leader) return false
  return state.electionElapsedTicks < state.config.electionTicksMin
}

function countPreVotes(state: RaftState): void {
  const result = jointVote(state.quorum, (voter) => state.votes.get(voter))
  if (result === 'won') startElection(state)
}

function countVotes(state: RaftState): void {
  const result = jointVote(state.quorum, (voter) => state.votes.get(voter))
  if (result === 'won') becomeLeader(state)
  else if (result === 'lost') becomeFollower(state, state.hardState.currentTerm, null)
}

function lastEntryOf(state: RaftState) {
  return { lastLogIndex: state.log.lastIndex, lastLogTerm: state.log.lastTerm }
}

function askVoters(state: RaftState, message: RaftMessage): void {
  for (const peer of peersOf(state)) if (isVoter(state.conf, peer)) state.outbox.send(peer, message)
}
