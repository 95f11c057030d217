import { assert, type NodeId } from '@quorate/contracts'
import { peersOf, type RaftState } from './state.js'
import type { Progress } from './tracker/index.js'

/** What holds after every step, cheap enough to be checked always (decision D36). */
export function checkCheapInvariants(state: RaftState): void {
  const { log, commitIndex, deliveredIndex, lastApplied } = state
  assert(commitIndex <= log.lastIndex, () => `commitIndex ${commitIndex} is within the log up to ${log.lastIndex}`)
  assert(deliveredIndex <= commitIndex, 'only what is committed is handed to the machine (§5.3)')
  assert(deliveredIndex <= log.persistedIndex, 'only what is durable here is handed to the machine')
  assert(lastApplied <= deliveredIndex, 'only what was handed out is applied')
  state.progress.forEach(checkIndexes)
}

/** All that one member alone can check: for tests, simulators and states that come from outside. */
export function checkInvariants(state: RaftState): void {
  checkCheapInvariants(state)
  checkLog(state)
  checkSnapshot(state)
  const { hardState, role, self } = state
  if (role === 'leader') {
    assert(hardState.votedFor === self, 'a leader voted for itself (§5.2)')
    assert(state.leader === self, 'a leader follows itself')
    checkProgress(state)
  } else {
    assert(state.leader !== self, 'only a leader follows itself')
    assert(state.progress.size === 0, 'only a leader tracks followers')
    assert(state.pendingReads === 0, 'only a leader keeps barriers')
  }
  assert(role === 'leader' || state.diskElapsedTicks === 0, 'only a leader watches its disk')
  assert(state.suspicion === null || role === 'follower' || role === 'preCandidate', 'who campaigns suspects nobody')
  assert(role !== 'candidate' || hardState.votedFor === self, 'a candidate voted for itself (§5.2)')
  assert(role === 'candidate' || state.ownVoteSequence === null, 'only a candidate waits for its own vote')
  assert(role === 'candidate' || role === 'preCandidate' || state.votes.size === 0, 'only a campaign counts votes')
  const kept = state.readRounds.reduce((sum, { tokens }) => sum + tokens.length, state.waitingReads.length)
  assert(state.pendingReads === kept, 'every barrier is counted')
  const { log, commitIndex } = state
  const uncommitted = role === 'leader' ? log.bytesBetween(commitIndex + 1, log.lastIndex) : 0
  assert(state.uncommittedBytes === uncommitted, 'every uncommitted byte of a leader is counted')
  const unapplied = log.bytesBetween(Math.max(state.lastApplied + 1, log.firstIndex), state.deliveredIndex)
  assert(state.unappliedBytes === unapplied, 'every byte that was handed out and is not applied is counted')
  for (const index of state.deposed.keys()) {
    assert(index > state.deliveredIndex, () => `the place ${index} of a deposed proposal is not decided yet`)
  }
}

function checkIndexes({ matchIndex, nextIndex }: Progress, peer: NodeId): void {
  assert(matchIndex < nextIndex, () => `0 ≤ matchIndex < nextIndex for ${peer}`)
}

function checkSnapshot({ snapshot, fetching, log, isInstalling, deliveredIndex, lastApplied }: RaftState): void {
  const position = snapshot?.position ?? 0
  assert(log.base.index <= position, 'the log goes back to a snapshot, or begins at its own beginning (§7)')
  assert(snapshot === null || position <= deliveredIndex, 'a snapshot is of what was delivered, or stands for it')
  assert(!isInstalling || lastApplied < deliveredIndex, 'an installation ends when it is applied')
  assert(isInstalling || log.base.index <= lastApplied, 'only an installation is ahead of what is applied')
  assert(!isInstalling || fetching === null, 'no image is fetched during an installation')
  assert(!isInstalling || deliveredIndex === position, 'nothing is delivered during an installation')
}

function checkLog({ log, hardState }: RaftState): void {
  assert(
    log.base.index <= log.persistedIndex && log.persistedIndex <= log.lastIndex,
    'base ≤ persistedIndex ≤ lastIndex',
  )
  let lastTerm = log.base.term
  for (let index = log.firstIndex; index <= log.lastIndex; index += 1) {
    const entry = log.entryAt(index)
    assert(entry.index === index, () => `the log has no gap at ${index}`)
    assert(entry.term >= lastTerm, () => `terms never decrease, as they do at ${index}`)
    lastTerm = entry.term
  }
  assert(lastTerm <= hardState.currentTerm, 'no entry is of a later term than the current one')
}

function checkProgress(state: RaftState): void {
  const tracked: NodeId[] = [...state.progress.keys()]
  const peers = peersOf(state)
  assert(
    tracked.length === peers.length && tracked.every((peer, at) => peer === peers[at]),
    'a leader tracks every other member, in the order of their ids',
  )
  for (const [peer, progress] of state.progress) {
    assert(progress.matchIndex <= state.log.lastIndex, () => `${peer} has nothing that its leader lacks (§5.3)`)
    assert(progress.nextIndex <= state.log.lastIndex + 1, () => `${peer} is sent nothing that its leader lacks`)
    assert(progress.phase !== 'snapshot' || state.snapshot !== null, () => `${peer} can be offered a snapshot`)
    assert(progress.ackedRound <= state.readRound, () => `${peer} answered no round that was not started`)
  }
}
