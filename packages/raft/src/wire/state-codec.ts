import type { ByteReader } from '@quorate/contracts'
import {
  assert,
  ByteWriter,
  BytesError,
  compareIds,
  equalBytes,
  InvariantViolation,
  readMembers,
  seededRandom,
  token,
  writeMembers,
  type ProtocolStart,
} from '@quorate/contracts'
import type { RaftConfig } from '../config.js'
import { checkInvariants } from '../invariants.js'
import { Log } from '../log/index.js'
import { newState, type RaftState, type Role } from '../state.js'
import { readEntries, readIndex, readTerm, writeEntries } from './entry-codec.js'
import { decodeConfState, encodeConfState } from './conf-state-codec.js'
import { decodeWhole } from './format-error.js'
import {
  readHandover,
  readId,
  readProgress,
  readReads,
  readToken,
  writeHandover,
  writeProgress,
  writeReads,
} from './office-codec.js'
import { readVote } from './record-codec.js'
import { readSnapshotMeta, writeSnapshotMeta } from './snapshot-meta-codec.js'

const roles: readonly Role[] = ['follower', 'preCandidate', 'candidate', 'leader']

/**
 * Everything a member knows, as canonical bytes. Sequences are written relative to what is durable, so that two members
 * in the same state have the same bytes however many records they wrote to get there. Effects have to be taken first.
 */
export function encodeState(state: RaftState): Uint8Array {
  assert(state.outbox.isEmpty, 'effects are taken before the state is exported')
  const writer = new ByteWriter(1_024)
  const durable = state.log.durableSequence
  writeMembers(writer, state.members)
  writer.bytes(encodeConfState(state.conf))
  writeSnapshots(writer, state)
  writer.u53(state.hardState.currentTerm).asciiOrNull(state.hardState.votedFor)
  writer.u8(roles.indexOf(state.role)).asciiOrNull(state.leader)
  writer.u53(state.commitIndex).u53(state.deliveredIndex).u53(state.lastApplied)
  writer.u32(state.electionElapsedTicks).u32(state.electionTimeoutTicks).u32(state.heartbeatElapsedTicks)
  writer.u32(state.diskElapsedTicks)
  writer.ascii(state.random.state())
  writeLog(writer, state.log)
  writer.u53(state.outbox.nextSequence - durable)
  writer.u53(state.ownVoteSequence === null ? 0 : state.ownVoteSequence - durable)
  const votes = [...state.votes].sort(([left], [right]) => compareIds(left, right))
  writer.u32(votes.length)
  for (const [id, granted] of votes) writer.ascii(id).boolean(granted)
  writeProgress(writer, state)
  writeReads(writer, state)
  const deposed = [...state.deposed].sort(([left], [right]) => left - right)
  writer.u32(deposed.length)
  for (const [index, tokens] of deposed) {
    writer.u53(index).u32(tokens.length)
    for (const each of tokens) writer.u53(each.term).u53(each.token)
  }
  writeHandover(writer, state)
  writer.asciiOrNull(state.announced?.leader ?? null).u53(state.announced?.epoch ?? 0)
  return writer.boolean(state.announced !== null).finish()
}

/**
 * Inverse of {@link encodeState}. Sequences start at 1 again. Throws `ProtocolFormatError` for bytes that are no state, or
 * the state of a member that cannot be.
 */
export function decodeState(bytes: Uint8Array, start: ProtocolStart, config: RaftConfig): RaftState {
  return decodeWhole('state', bytes, (reader) => {
    try {
      const state = readState(reader, start, config)
      checkInvariants(state)
      if (!equalBytes(encodeState(state), bytes)) throw new BytesError('they are not canonical')
      return state
    } catch (error) {
      // What an invariant finds here was claimed by the bytes, not by this member.
      throw error instanceof InvariantViolation ? new BytesError(error.message) : error
    }
  })
}

function readState(reader: ByteReader, start: ProtocolStart, config: RaftConfig): RaftState {
  const members = readMembers(reader)
  const conf = decodeConfState(reader.bytes())
  const { snapshot, ...transfer } = readSnapshots(reader)
  const hardState = { currentTerm: readTerm(reader), votedFor: readVote(reader) }
  const role = roles[reader.u8()]
  if (role === undefined) throw new BytesError('the role is not known')
  const leader = readVote(reader)
  const pointers = { commitIndex: readIndex(reader), deliveredIndex: readIndex(reader), lastApplied: readIndex(reader) }
  const timers = {
    electionElapsedTicks: reader.u32(),
    electionTimeoutTicks: reader.u32(),
    heartbeatElapsedTicks: reader.u32(),
    diskElapsedTicks: reader.u32(),
  }
  const random = seededRandom(readDice(reader))
  const log = readLog(reader)
  const nextSequence = reader.u53()
  const ownVote = reader.u53()
  const state = newState({ self: start.self, random, members, conf, snapshot }, config, log, nextSequence, hardState)
  Object.assign(state, {
    role,
    leader,
    ...transfer,
    ...pointers,
    ...timers,
    ownVoteSequence: ownVote === 0 ? null : ownVote,
  })
  for (let left = reader.count(6); left > 0; left -= 1) state.votes.set(readId(reader), reader.boolean())
  readProgress(reader, state)
  readReads(reader, state)
  state.pendingReads = state.readRounds.reduce((sum, { tokens }) => sum + tokens.length, state.waitingReads.length)
  for (let left = reader.count(12); left > 0; left -= 1) {
    const index = reader.u53()
    const count = reader.count(16)
    state.deposed.set(
      index,
      Array.from({ length: count }, () => ({ term: readTerm(reader), token: readToken(reader) })),
    )
  }
  readHandover(reader, state)
  const announced = { leader: readVote(reader), epoch: reader.u53() }
  state.announced = reader.boolean() ? announced : null
  derive(state)
  return state
}

/** What follows from the rest is computed, not stored. */
function derive(state: RaftState): void {
  const { log } = state
  state.unappliedBytes = log.bytesBetween(Math.max(state.lastApplied + 1, log.firstIndex), state.deliveredIndex)
  if (state.role === 'leader') {
    state.uncommittedBytes = log.bytesBetween(state.commitIndex + 1, log.lastIndex)
  }
}

function readDice(reader: ByteReader): string {
  const dice = reader.ascii()
  if (!/^sfc32:[0-9a-f]{32}$/.test(dice)) throw new BytesError('it has no dice')
  return dice
}

function writeSnapshots(writer: ByteWriter, { snapshot, fetching, isInstalling }: RaftState): void {
  writer.boolean(snapshot !== null)
  if (snapshot) writeSnapshotMeta(writer, snapshot)
  writer.asciiOrNull(fetching?.from ?? null)
  if (fetching) writeSnapshotMeta(writer, fetching.meta)
  writer.boolean(isInstalling)
}

function readSnapshots(reader: ByteReader): Pick<RaftState, 'snapshot' | 'fetching' | 'isInstalling'> {
  const snapshot = reader.boolean() ? readSnapshotMeta(reader) : null
  const from = readVote(reader)
  const fetching = from === null ? null : { from, meta: readSnapshotMeta(reader) }
  return { snapshot, fetching, isInstalling: reader.boolean() }
}

function writeLog(writer: ByteWriter, log: Log): void {
  writer.u53(log.base.index).u53(log.base.term)
  const indexes = Array.from({ length: log.lastIndex - log.base.index }, (_, at) => log.firstIndex + at)
  writeEntries(
    writer,
    indexes.map((index) => log.entryAt(index)),
  )
  for (const index of indexes) {
    const token = log.tokenAt(index)
    writer.u53(Math.max(0, log.sequenceAt(index) - log.durableSequence)).u53(token === null ? 0 : token + 1)
  }
}

function readLog(reader: ByteReader): Log {
  const base = { index: readIndex(reader), term: readTerm(reader) }
  const log = new Log(base)
  for (const entry of readEntries(reader, base.index + 1)) {
    const sequence = reader.u53()
    const given = reader.u53()
    log.append(entry, sequence, given === 0 ? null : token(given - 1))
  }
  log.onPersisted(0)
  return log
}
