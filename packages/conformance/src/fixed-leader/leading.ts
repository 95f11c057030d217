import { position, type NodeId, type Token } from '@quorate/contracts'
import type { Follower } from './follower.js'
import type { AppendReply } from './message.js'
import { leads, type FixedLeaderState } from './state.js'

const heartbeatTicks = 5

export function onTicks(state: FixedLeaderState, ticks: number): void {
  state.ticks += ticks
  if (state.ticks < heartbeatTicks) return
  state.ticks = 0
  for (const follower of state.followers) sendHeartbeat(state, follower)
}

export function onReadBarrier(state: FixedLeaderState, token: Token): void {
  state.waitingReads.push(token)
  answerReads(state)
}

export function onAppendReply(state: FixedLeaderState, from: NodeId, { last }: AppendReply): void {
  const { log } = state
  const follower = state.followers.find(({ id }) => id === from)
  // More than its only leader ever wrote is somebody else's log: such a member is not counted.
  if (!follower || last > log.last) return
  const match = Math.max(follower.match ?? 0, last)
  follower.match = match
  follower.next = Math.max(follower.next, match + 1)
  if (follower.offered !== null && match >= log.base) {
    follower.offered = null
    sendNew(state, follower)
  }
  advanceCommit(state)
}

/** Sends what is new to everybody who can use it. */
export function sendNewEntries(state: FixedLeaderState): void {
  for (const follower of state.followers) sendNew(state, follower)
}

/** A majority of the voters has it durably; learners are not counted. */
export function advanceCommit(state: FixedLeaderState): void {
  if (!leads(state)) return
  const voters = state.followers.filter(({ isVoter }) => isVoter)
  const matches = [state.log.persisted, ...voters.map(({ match }) => match ?? 0)]
  matches.sort((left, right) => right - left)
  state.commit = Math.max(state.commit, matches[Math.floor(matches.length / 2)] ?? 0)
  answerReads(state)
}

/**
 * Sends again what was not acknowledged. A follower whose next entry was dropped is offered the newest snapshot instead,
 * again and again, because it may have started anew or failed to fetch the last one; it ignores what it cannot use.
 */
function sendHeartbeat(state: FixedLeaderState, follower: Follower): void {
  const { log, snapshot, outbox } = state
  const known = follower.match ?? log.base
  follower.next = known + 1
  if (known < log.base) {
    follower.offered ??= snapshot
    sendAppend(state, follower, [])
    outbox.send(follower.id, { kind: 'offer', position: position(snapshot) })
  } else if (!sendNew(state, follower)) {
    sendAppend(state, follower, [])
  }
}

/** Sends what was not sent yet. Returns false if that is nothing, or begins with an entry that was dropped. */
function sendNew(state: FixedLeaderState, follower: Follower): boolean {
  const { log } = state
  if (follower.next <= log.base) return false
  const before = follower.next
  while (follower.next <= log.last) sendAppend(state, follower, log.commandsFrom(follower.next))
  return follower.next > before
}

function sendAppend({ outbox, commit }: FixedLeaderState, follower: Follower, commands: readonly Uint8Array[]): void {
  const previous = position(follower.next - 1)
  outbox.send(follower.id, { kind: 'append', previous, commit: position(commit), commands })
  follower.next += commands.length
}

/** What an earlier life acknowledged is committed again before the first read is answered. */
function answerReads(state: FixedLeaderState): void {
  if (state.commit < state.recoveredLast) return
  for (const token of state.waitingReads) {
    state.outbox.answer({ token, position: position(state.commit), validUntilTick: null })
  }
  state.waitingReads = []
}
