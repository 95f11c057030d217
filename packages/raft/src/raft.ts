import {
  assert,
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
import { refusalOfJump, whyAtEnd } from './bounds.js'
import { canDeliver, deliver, onApplied } from './delivery.js'
import { describeProgress, describeState } from './describe.js'
import {
  campaign,
  onOwnVotePersisted,
  onPeerBack,
  onPeerGone,
  onRequestPreVote,
  onRequestPreVoteReply,
  onRequestVote,
  onRequestVoteReply,
  onTimeoutNow,
  tickElection,
} from './election.js'
import { onAppendEntries, onHeartbeat } from './following.js'
import { checkCheapInvariants } from './invariants.js'
import { isVoter } from './membership/conf-state.js'
import type { RaftAdmin, RaftMessage } from './message.js'
import { canStartRound, onReadBarrier, startRound } from './reads.js'
import {
  advanceCommitIndex,
  onAppendEntriesReply,
  onHeartbeatReply,
  onLinkChanged,
  onPropose,
  sendDueEntries,
  sendHeartbeats,
  tickLeader,
} from './replication.js'
import {
  onInstallSnapshot,
  onInstallSnapshotReply,
  onSnapshotFailed,
  onSnapshotFetched,
  onSnapshotSaved,
  sendDueOffers,
  snapshotMetaAt,
} from './snapshots.js'
import type { RaftState } from './state.js'
import { maybeSendTimeoutNow, maybeSettleTransfer, onTransfer, tickTransfer } from './transfer.js'
import { encodeState } from './wire/state-codec.js'

/** One member running Raft: `step` dispatches inputs to the conversations, `takeReady` collects what they want done. */
export class Raft implements Protocol<RaftMessage, RaftAdmin> {
  /** For the invariants of tests and simulators; nobody else looks. */
  readonly state: RaftState

  constructor(state: RaftState) {
    this.state = state
  }

  step(input: Input<RaftMessage, RaftAdmin>): void {
    const { state } = this
    switch (input.kind) {
      case 'tick':
        this.#tick(input.missed)
        break
      case 'receive':
        this.#receive(input.from, input.message)
        break
      case 'propose':
        onPropose(state, input.token, input.command, input.epoch)
        break
      case 'readBarrier':
        onReadBarrier(state, input.token)
        break
      case 'persisted':
        this.#onPersisted(input.sequence)
        break
      case 'applied':
        onApplied(state, input.position)
        break
      case 'admin':
        this.#onCampaign(input.token)
        break
      case 'changeMembers':
        this.#refuse(input.token, 'unsupported', 'this version of raft does not change members yet')
        break
      case 'transfer':
        onTransfer(state, input.token, input.to)
        break
      case 'linkUp':
        onLinkChanged(state, input.peer, true)
        onPeerBack(state, input.peer)
        break
      case 'linkDown':
        onLinkChanged(state, input.peer, false)
        if (input.gone) onPeerGone(state, input.peer)
        break
      case 'dropped':
        if (input.channel === 'log') onLinkChanged(state, input.peer, false)
        break
      case 'snapshotSaved':
        onSnapshotSaved(state, input.meta)
        break
      case 'snapshotFetched':
        onSnapshotFetched(state, input.meta)
        break
      case 'snapshotFailed':
        onSnapshotFailed(state, input.meta)
        break
      case 'bind':
        break
    }
    maybeSettleTransfer(state)
    checkCheapInvariants(state)
  }

  hasReady(): boolean {
    const { state } = this
    return (
      !state.outbox.isEmpty ||
      state.isReplicationDue ||
      canStartRound(state) ||
      canDeliver(state) ||
      this.#isLeadershipNews()
    )
  }

  takeReady(): Ready<RaftMessage> {
    const { state } = this
    if (canStartRound(state)) {
      startRound(state)
      sendHeartbeats(state)
    }
    if (state.isReplicationDue) {
      sendDueEntries(state)
      sendDueOffers(state)
    }
    deliver(state)
    if (this.#isLeadershipNews()) {
      state.announced = { leader: state.leader, epoch: state.hardState.currentTerm }
      state.outbox.leadership = state.announced
    }
    return state.outbox.take()
  }

  snapshotMeta(at: Position): SnapshotMeta | null {
    return snapshotMetaAt(this.state, at)
  }

  describe(): JsonValue {
    return describeState(this.state)
  }

  progress(): readonly PeerProgress[] {
    return describeProgress(this.state)
  }

  exportState(): Uint8Array {
    return encodeState(this.state)
  }

  #tick(missed: number): void {
    const { state } = this
    tickTransfer(state, missed)
    if (state.role === 'leader') {
      tickLeader(state, missed)
      advanceCommitIndex(state)
    } else {
      tickElection(state, missed)
    }
  }

  #receive(from: NodeId, message: RaftMessage): void {
    const { state } = this
    if (from === state.self) return
    const refusal = refusalOfJump(state, message)
    if (refusal !== null) {
      state.refusedJump = { from, what: refusal }
      return
    }
    switch (message.kind) {
      case 'requestPreVote':
        onRequestPreVote(state, from, message)
        return
      case 'requestPreVoteReply':
        onRequestPreVoteReply(state, from, message)
        return
      case 'requestVote':
        onRequestVote(state, from, message)
        return
      case 'requestVoteReply':
        onRequestVoteReply(state, from, message)
        return
      case 'appendEntries':
        onAppendEntries(state, from, message)
        return
      case 'appendEntriesReply':
        onAppendEntriesReply(state, from, message)
        maybeSendTimeoutNow(state, from)
        return
      case 'heartbeat':
        onHeartbeat(state, from, message)
        return
      case 'heartbeatReply':
        onHeartbeatReply(state, from, message)
        maybeSendTimeoutNow(state, from)
        return
      case 'timeoutNow':
        onTimeoutNow(state, from, message)
        return
      case 'installSnapshot':
        onInstallSnapshot(state, from, message)
        return
      case 'installSnapshotReply':
        if (onInstallSnapshotReply(state, from, message)) advanceCommitIndex(state)
        return
    }
  }

  #onPersisted(sequence: number): void {
    const { state } = this
    assert(sequence <= state.outbox.takenSequence, 'only records that were taken can be durable')
    state.diskElapsedTicks = 0
    if (state.log.onPersisted(sequence)) advanceCommitIndex(state)
    onOwnVotePersisted(state, sequence)
  }

  #isLeadershipNews(): boolean {
    const { announced, leader, hardState } = this.state
    if (announced === null || announced.leader !== leader) return true
    return leader !== null && announced.epoch !== hardState.currentTerm
  }

  #onCampaign(token: Token): void {
    const { state } = this
    if (!isVoter(state.conf, state.self)) {
      this.#refuse(token, 'invalid', `${state.self} does not vote, so it cannot lead`)
      return
    }
    const atEnd = whyAtEnd(state)
    if (atEnd !== null) {
      this.#refuse(token, 'invalid', atEnd)
      return
    }
    campaign(state)
    state.outbox.settle(token, { kind: 'done', position: null })
  }

  #refuse(token: Token, reason: 'unsupported' | 'invalid', detail: string): void {
    const { leader } = this.state
    this.state.outbox.settle(token, { kind: 'refused', reason, leader, detail })
  }
}
