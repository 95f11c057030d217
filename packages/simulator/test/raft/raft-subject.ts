import { checkInvariants, forceMembers, Raft, raft, type RaftState } from '@quorate/raft'
import { subject, type Inspection, type Subject } from '@quorate/simulator'
import { productGateway } from '../gateway/product-gateway.js'
import { drawOptions } from './draw-options.js'

/** Raft, to be simulated: options drawn per cluster, and a view of its state in neutral words. */
export const raftSubject: Subject = subject({
  name: 'raft',
  gateway: productGateway,
  forceMembers,
  protocol: (random, theme) => raft(drawOptions(random, theme)),
  inspect: (protocol) => {
    if (!(protocol instanceof Raft)) throw new TypeError('only Raft can be looked at here')
    return inspectionOf(protocol.state)
  },
})

function owedBy(state: RaftState): Inspection['owed'] {
  const { deposed, waitingReads, readRounds, pendingReads, transfer, fetching, progress, log } = state
  const isAllCommitted = state.commitIndex === log.lastIndex
  const upToDate = [...progress.values()].filter(({ matchIndex }) => matchIndex === log.lastIndex)
  return {
    'proposals that were truncated': deposed.size,
    'reads without a round': waitingReads.length,
    'rounds of reads': readRounds.length,
    'reads that are counted': pendingReads,
    'a transfer': Number(transfer !== null),
    'an image to be fetched': Number(fetching !== null),
    'an image to be installed': Number(state.isInstalling),
    'bytes that are not committed': isAllCommitted ? state.uncommittedBytes : 0,
    'bytes that are not applied': state.lastApplied === state.deliveredIndex ? state.unappliedBytes : 0,
    'appends without an answer': upToDate.reduce((sum, { inflights }) => sum + inflights.count, 0),
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
    get takesProposals() {
      return state.transfer === null
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
    get owed() {
      return owedBy(state)
    },
    get quorums() {
      return [state.conf.voters, state.conf.votersOutgoing].filter((voters) => voters.length > 0)
    },
    epochAt: (index) => state.log.termAt(index),
    contentAt: (index) => state.log.entryAt(index).data,
    check: () => checkInvariants(state),
  }
}
