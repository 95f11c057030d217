import { assert } from '@quorate/contracts'
import type { RaftState } from './state.js'

/** What holds after every step, cheap enough to be checked always (decision D36). */
export function checkCheapInvariants(state: RaftState): void {
  const { log, commitIndex, deliveredIndex, lastApplied } = state
  assert(commitIndex <= log.lastIndex, `commitIndex ${commitIndex} is within the log up to ${log.lastIndex}`)
  assert(deliveredIndex <= commitIndex, 'only what is committed is handed to the machine (§5.3)')
  assert(deliveredIndex <= log.persistedIndex, 'only what is durable here is handed to the machine')
  assert(lastApplied <= deliveredIndex, 'only what was handed out is applied')
  for (const [peer, progress] of state.progress) {
    assert(progress.matchIndex < progress.nextIndex, `0 ≤ matchIndex < nextIndex for ${peer}`)
  }
}

/** All that one member alone can check: for tests and simulators. */
export function checkInvariants(state: RaftState): void {
  checkCheapInvariants(state)
  const { log, hardState } = state
  assert(
    log.base.index <= log.persistedIndex && log.persistedIndex <= log.lastIndex,
    'base ≤ persistedIndex ≤ lastIndex',
  )
  let lastTerm = log.base.term
  for (let index = log.firstIndex; index <= log.lastIndex; index += 1) {
    const entry = log.entryAt(index)
    assert(entry.index === index, `the log has no gap at ${index}`)
    assert(entry.term >= lastTerm, `terms never decrease, as they do at ${index}`)
    lastTerm = entry.term
  }
  assert(lastTerm <= hardState.currentTerm, 'no entry is of a later term than the current one')
  if (state.role === 'leader') {
    assert(hardState.votedFor === state.self, 'a leader voted for itself (§5.2)')
    assert(state.leader === state.self, 'a leader follows itself')
    for (const [peer, progress] of state.progress) {
      assert(progress.matchIndex <= log.lastIndex, `${peer} has nothing that its leader lacks (§5.3)`)
    }
  } else {
    assert(state.progress.size === 0, 'only a leader tracks followers')
    assert(state.waitingReads.length + state.readRounds.length === 0, 'only a leader keeps barriers')
  }
}
