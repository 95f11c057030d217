import { token, type Protocol } from '@quorate/contracts'
import {
  decodeRecord,
  encodeRecord,
  raft,
  Raft,
  type RaftAdmin,
  type RaftMessage,
  type RaftOptions,
  type RaftState,
} from '@quorate/raft'
import type { Bounds, Explored, Names, Outlook } from '../../src/explorer/model.js'
import { inspectionOf } from '../raft/raft-subject.js'

const dice = /sfc32:[0-9a-f]{32}/
const diceLength = 'sfc32:'.length + 32

/** Raft as the explorer takes it: elections when somebody wants one, after pre-votes or without. */
export function raftExplored(options: RaftOptions): Explored<RaftMessage, RaftAdmin> {
  const times: RaftOptions = { heartbeatMs: 10, electionTimeoutMs: [30, 40] }
  const module = raft({ checkQuorum: false, fastSuspicion: false, ...times, ...options })
  return {
    module,
    timeout: [{ kind: 'admin', token: token(9), command: { kind: 'campaign' } }],
    beat: [{ kind: 'tick', missed: 0 }],
    stateOf,
    inspect: (protocol) => inspectionOf(stateIn(protocol)),
    outlookOf,
    renamed: {
      state(bytes, start, names) {
        const protocol = module.importState(bytes, start)
        rename(stateIn(protocol), names)
        return withoutDice(protocol.exportState())
      },
      record(bytes, names) {
        const record = decodeRecord(bytes)
        if (record.kind !== 'hardState') return bytes
        return encodeRecord({ ...record, hardState: renamedVote(record.hardState, names) })
      },
      // Who it is from and to stands on the envelope; inside nobody is named.
      message: (bytes) => bytes,
    },
  }
}

export const plainRaft = raftExplored({ preVote: false })

function stateIn(protocol: Protocol<RaftMessage, RaftAdmin>): RaftState {
  if (!(protocol instanceof Raft)) throw new TypeError('only Raft can be looked at here')
  return protocol.state
}

/**
 * Time stands still but for the heartbeats of leaders, and without `checkQuorum` nobody asks how long it was, nor who
 * answered. What was announced of leadership decides what is announced next, and that reaches nobody here.
 */
function stateOf(protocol: Protocol<RaftMessage, RaftAdmin>): Uint8Array {
  const state = stateIn(protocol)
  state.electionElapsedTicks = 0
  state.electionTimeoutTicks = state.config.electionTicksMin
  for (const progress of state.progress.values()) progress.isRecentlyActive = false
  const { leader, hardState } = state
  state.announced = { leader, epoch: leader === null ? 0 : hardState.currentTerm }
  return withoutDice(protocol.exportState())
}

/**
 * What comes too late. A member whose disk knows a term will never again be elected in an earlier one, nor in that one
 * unless it is a candidate already; nor will it vote in an earlier one, nor again in one in which it has. Where nobody goes
 * beyond `epochMax`, whose disk knows that one hears of no later one.
 */
function outlookOf(
  protocol: Protocol<RaftMessage, RaftAdmin>,
  recovered: Protocol<RaftMessage, RaftAdmin>,
  { epochMax }: Pick<Bounds, 'epochMax'>,
): Outlook<RaftMessage> {
  const { role, hardState, votes, progress } = stateIn(protocol)
  const durable = stateIn(recovered).hardState
  const answered = new Set<string>(votes.keys())
  const matches = new Map<string, number>([...progress].map(([id, { matchIndex }]) => [id, matchIndex]))
  const isInOrBehind = (term: number) => durable.currentTerm >= term
  const isBehind = (term: number) => hardState.currentTerm > term || role === 'follower'
  const isVoteIn = (from: string, term: number) => isBehind(term) || role === 'leader' || answered.has(from)
  const isRefusalIn = (from: string, term: number, prevLogIndex: number) =>
    isBehind(term) || (role === 'leader' && prevLogIndex <= (matches.get(from) ?? 0))
  return {
    isSpent(from, message) {
      if (!isInOrBehind(message.term)) return false
      switch (message.kind) {
        case 'requestVoteReply':
          return isVoteIn(from, message.term)
        case 'appendEntriesReply':
          return message.success ? isBehind(message.term) : isRefusalIn(from, message.term, message.prevLogIndex)
        case 'heartbeatReply':
          return isBehind(message.term)
        case 'requestPreVoteReply':
          return true
        default:
          return false
      }
    },
    isMute(_from, { kind, term }) {
      if (kind === 'requestPreVote') return true
      if (kind !== 'requestVote' && kind !== 'appendEntries' && kind !== 'heartbeat') return false
      const hasVoted = kind === 'requestVote' && durable.currentTerm === term && durable.votedFor !== null
      return durable.currentTerm > term || hasVoted
    },
    isIndifferent(to, message) {
      if (!isInOrBehind(epochMax)) return false
      switch (message.kind) {
        case 'requestVote':
          return isVoteIn(to, epochMax)
        case 'appendEntries':
          return isRefusalIn(to, epochMax, message.prevLogIndex)
        case 'heartbeat':
          return isBehind(epochMax)
        case 'requestPreVote':
          return true
        default:
          return false
      }
    },
  }
}

function rename(state: RaftState, names: Names): void {
  const { hardState, leader, votes, progress, announced, transfer, suspicion, fetching } = state
  if (transfer ?? suspicion ?? fetching) throw new TypeError('nobody hands over, suspects or fetches here')
  state.hardState = renamedVote(hardState, names)
  state.leader = leader && names(leader)
  if (announced) state.announced = { ...announced, leader: announced.leader && names(announced.leader) }
  replace(votes, names)
  replace(progress, names)
}

function renamedVote(hardState: RaftState['hardState'], names: Names): RaftState['hardState'] {
  return { ...hardState, votedFor: hardState.votedFor && names(hardState.votedFor) }
}

/** In the order of the new names: a leader keeps its followers in that of their ids. */
function replace<Value>(map: Map<Parameters<Names>[0], Value>, names: Names): void {
  const entries = [...map].map(([id, value]) => [names(id), value] as const)
  map.clear()
  for (const [id, value] of entries.sort(([left], [right]) => (left < right ? -1 : 1))) map.set(id, value)
}

/** The dice stand at the same place in every state: what they would say is a choice that the bounds make. */
function withoutDice(state: Uint8Array): Uint8Array {
  const text = Buffer.from(state.buffer, state.byteOffset, state.length).toString('latin1')
  const at = dice.exec(text)?.index
  if (at === undefined) throw new TypeError('this state has no dice')
  state.fill('0'.charCodeAt(0), at + 'sfc32:'.length, at + diceLength)
  return state
}
