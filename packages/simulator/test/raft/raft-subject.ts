import type { Random } from '@quorate/contracts'
import { checkInvariants, Raft, raft, type RaftOptions, type RaftState } from '@quorate/raft'
import { subject, type Inspection, type Subject, type Theme } from '@quorate/simulator'
import { productGateway } from '../gateway/product-gateway.js'

/** Raft, to be simulated: options drawn per cluster, and a view of its state in neutral words. */
export const raftSubject: Subject = subject({
  name: 'raft',
  gateway: productGateway,
  protocol: (random, theme) => raft(drawOptions(random, theme)),
  inspect: (protocol) => {
    if (!(protocol instanceof Raft)) throw new TypeError('only Raft can be looked at here')
    return inspectionOf(protocol.state)
  },
})

/** Where leaders come and go, elections are quick and entries leave one by one: then many terms leave something behind. */
function drawOptions(random: Random, theme: Theme | null): RaftOptions {
  const oneOf = <Choice>(choices: readonly Choice[]): Choice => choices[random.nextInt(choices.length)]!
  const isChurn = theme === 'churn'
  const isQuick = random.nextInt(3) < (isChurn ? 2 : 1)
  return {
    electionTimeoutMs: isQuick ? [50, 120] : [150, 300],
    heartbeatMs: isQuick ? 10 : 50,
    tailEntriesMax: oneOf([0, 4, 50, 16_384]),
    inflightMessagesMax: oneOf(isChurn ? [1, 1, 256] : [1, 3, 256]),
    batchEntriesMax: oneOf(isChurn ? [1, 1, 4_096] : [1, 8, 4_096]),
    fastSuspicion: random.nextInt(4) > 0,
    preVote: random.nextInt(4) > 0,
    checkQuorum: random.nextInt(5) > 0,
  }
}

export function inspectionOf(state: RaftState): Inspection {
  return {
    get epoch() {
      return state.hardState.currentTerm
    },
    get votedFor() {
      return state.hardState.votedFor
    },
    get isLeader() {
      return state.role === 'leader'
    },
    get firstIndex() {
      return state.log.firstIndex
    },
    get lastIndex() {
      return state.log.lastIndex
    },
    get durableIndex() {
      return state.log.persistedIndex
    },
    get committedIndex() {
      return state.commitIndex
    },
    get deliveredIndex() {
      return state.deliveredIndex
    },
    get appliedIndex() {
      return state.lastApplied
    },
    get quorums() {
      return [state.conf.voters, state.conf.votersOutgoing].filter((voters) => voters.length > 0)
    },
    epochAt: (index) => state.log.termAt(index),
    contentAt: (index) => state.log.entryAt(index).data,
    check: () => checkInvariants(state),
  }
}
