import {
  assert,
  position,
  type Committed,
  type Input,
  type JsonValue,
  type NodeId,
  type PeerProgress,
  type Position,
  type Protocol,
  type Ready,
  type SnapshotMeta,
  type Token,
} from '@quorate/contracts'
import { describeFollower } from './follower.js'
import { onAppend, onOffer, onSnapshotFailed, onSnapshotFetched } from './following.js'
import { advanceCommit, onAppendReply, onReadBarrier, onTicks, sendNewEntries } from './leading.js'
import type { FixedLeaderMessage } from './message.js'
import { onSnapshotSaved, snapshotMetaAt } from './snapshots.js'
import { encodeState } from './state-codec.js'
import { append, leads, type FixedLeaderState } from './state.js'

/** One member, leader or follower for ever. */
export class FixedLeaderMember implements Protocol<FixedLeaderMessage, never> {
  readonly #state: FixedLeaderState

  constructor(state: FixedLeaderState) {
    this.#state = state
    advanceCommit(state)
  }

  step(input: Input<FixedLeaderMessage, never>): void {
    const state = this.#state
    switch (input.kind) {
      case 'tick':
        return onTicks(state, 1 + input.missed)
      case 'receive':
        return this.#onMessage(input.from, input.message)
      case 'propose':
        if (leads(state)) append(state, input.command, input.token)
        else this.#refuse(input.token, 'notLeader')
        return
      case 'readBarrier':
        if (leads(state)) onReadBarrier(state, input.token)
        else this.#refuse(input.token, 'notLeader')
        return
      case 'persisted':
        state.log.onPersisted(input.sequence)
        return advanceCommit(state)
      case 'applied':
        if (state.installing !== null && input.position >= state.installing) state.installing = null
        return
      case 'snapshotSaved':
        return onSnapshotSaved(state, input.meta)
      case 'snapshotFetched':
        return onSnapshotFetched(state, input.meta)
      case 'snapshotFailed':
        return onSnapshotFailed(state, input.meta)
      case 'admin':
      case 'changeMembers':
      case 'transfer':
        return this.#refuse(input.token, 'unsupported')
      case 'bind':
      case 'linkUp':
      case 'linkDown':
      case 'dropped':
        return
    }
  }

  hasReady(): boolean {
    return !this.#state.outbox.isEmpty || this.#state.delivered < this.#deliverable
  }

  takeReady(): Ready<FixedLeaderMessage> {
    sendNewEntries(this.#state)
    return this.#state.outbox.takeReady(this.#takeCommitted())
  }

  snapshotMeta(at: Position): SnapshotMeta | null {
    return snapshotMetaAt(this.#state, at)
  }

  describe(): JsonValue {
    const { log, commit, snapshot } = this.#state
    const role = leads(this.#state) ? 'leader' : 'follower'
    return { role, lastPosition: log.last, persisted: log.persisted, commit, snapshot }
  }

  progress(): readonly PeerProgress[] {
    return this.#state.followers.map((follower) => describeFollower(follower, this.#state.log))
  }

  exportState(): Uint8Array {
    assert(!this.hasReady(), 'effects are taken before the state is exported')
    return encodeState(this.#state)
  }

  /** Order 7.2: nothing is handed to the machine before it is durable here. */
  get #deliverable(): number {
    return Math.min(this.#state.commit, this.#state.log.persisted)
  }

  #onMessage(from: NodeId, message: FixedLeaderMessage): void {
    const state = this.#state
    if (message.kind === 'appendReply') return onAppendReply(state, from, message)
    if (from !== state.leader || leads(state)) return
    if (message.kind === 'append') onAppend(state, message)
    else onOffer(state, message)
  }

  #takeCommitted(): Committed[] {
    const state = this.#state
    const committed: Committed[] = []
    while (state.delivered < this.#deliverable) {
      state.delivered += 1
      const { token, command } = state.log.at(state.delivered)
      committed.push({ position: position(state.delivered), epoch: 1, token, command })
    }
    return committed
  }

  #refuse(token: Token, reason: 'notLeader' | 'unsupported'): void {
    const { leader, outbox } = this.#state
    const detail = reason === 'notLeader' ? `${leader} leads for ever` : 'members and leader are fixed'
    outbox.settle(token, { kind: 'refused', reason, leader, detail })
  }
}
