import { assert, type NodeId } from '@quorate/contracts'
import { Append } from './append.js'
import type { EntriesRun } from './entries-run.js'
import type { AppendEntries, Heartbeat } from './message.js'
import { followLeader } from './roles.js'
import type { RaftState } from './state.js'
import { logIndex, type LogIndex } from './units.js'

/** Takes the leader's entries, if the log agrees up to the one before them (§5.3). */
export function onAppendEntries(state: RaftState, from: NodeId, message: AppendEntries): void {
  const { currentTerm } = state.hardState
  if (message.term < currentTerm) {
    refuse(state, from, message.prevLogIndex)
    return
  }
  if (!followLeader(state, from, message.term)) return
  const { prevLogIndex, prevLogTerm, entries } = message
  if (prevLogIndex < state.log.base.index) {
    // An old message from before the window: everything up to the commit index is settled, and agrees.
    accept(state, from, state.commitIndex)
    return
  }
  if (state.log.termAt(prevLogIndex) !== prevLogTerm) {
    refuse(state, from, prevLogIndex, prevLogTerm)
    return
  }
  takeEntries(state, Append.runOf(message))
  const lastVouchedFor = logIndex(prevLogIndex + entries.length)
  commitUpTo(state, Math.min(message.leaderCommit, lastVouchedFor))
  accept(state, from, lastVouchedFor)
}

/** Hears the leader. It commits at most what the leader knows to be here. */
export function onHeartbeat(state: RaftState, from: NodeId, message: Heartbeat): void {
  if (message.term >= state.hardState.currentTerm) {
    if (!followLeader(state, from, message.term)) return
    if (message.leaderCommit <= state.log.lastIndex) commitUpTo(state, message.leaderCommit)
  }
  state.outbox.send(from, { kind: 'heartbeatReply', term: state.hardState.currentTerm, round: message.round })
}

/** Appends what is new. Only an entry that conflicts removes anything: a late message must not shorten the log. */
function takeEntries(state: RaftState, run: EntriesRun): void {
  const fresh = run.entries.findIndex((entry) => state.log.termAt(entry.index) !== entry.term)
  const first = run.entries[fresh]
  if (!first) return
  if (first.index <= state.log.lastIndex) {
    assert(first.index > state.commitIndex, () => `committed entry ${first.index} is never replaced (§5.4)`)
    deposeTokens(state, first.index)
    state.log.truncateFrom(first.index)
  }
  const news = run.from(fresh)
  const sequence = state.outbox.persistRun(news)
  for (const entry of news.entries) state.log.append(entry, sequence, null)
}

/** Own proposals that lose their place here are not lost yet: another member may still hold and commit them. */
function deposeTokens(state: RaftState, from: LogIndex): void {
  for (let index: number = from; index <= state.log.lastIndex; index += 1) {
    const token = state.log.tokenAt(index)
    if (token === null) continue
    const others = state.deposed.get(index) ?? []
    state.deposed.set(index, [...others, { term: state.log.entryAt(index).term, token }])
  }
}

function commitUpTo(state: RaftState, index: number): void {
  if (index > state.commitIndex) state.commitIndex = index as LogIndex
}

function accept(state: RaftState, to: NodeId, matchIndex: LogIndex): void {
  const { currentTerm: term } = state.hardState
  state.outbox.send(to, { kind: 'appendEntriesReply', term, success: true, matchIndex })
}

function refuse(state: RaftState, to: NodeId, prevLogIndex: LogIndex, prevLogTerm: number = Infinity): void {
  const hint = state.log.lastIdWithTermAtMost(prevLogIndex, prevLogTerm)
  state.outbox.send(to, {
    kind: 'appendEntriesReply',
    term: state.hardState.currentTerm,
    success: false,
    prevLogIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  })
}
