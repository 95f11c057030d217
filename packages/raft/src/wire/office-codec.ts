import {
  BytesError,
  isNodeId,
  token,
  type ByteReader,
  type ByteWriter,
  type NodeId,
  type Token,
} from '@quorate/contracts'
import type { RaftState } from '../state.js'
import { Progress, type ProgressPhase } from '../tracker/index.js'
import { logIndex } from '../units.js'
import { readTerm } from './entry-codec.js'
import { readVote } from './record-codec.js'

const phases: readonly ProgressPhase[] = ['probe', 'replicate', 'snapshot']

/** Writes what a leader knows of its followers. */
export function writeProgress(writer: ByteWriter, state: RaftState): void {
  writer.u53(state.readRound).boolean(state.isReplicationDue).u32(state.progress.size)
  for (const [id, progress] of state.progress) {
    writer
      .ascii(id)
      .u53(progress.matchIndex)
      .u53(progress.nextIndex)
      .u8(phases.indexOf(progress.phase))
      .u53(progress.offeredIndex ?? 0)
    writer.boolean(progress.isWaiting).boolean(progress.isRecentlyActive)
    writer.u53(progress.ackedRound).u53(progress.toldCommit).u32(progress.inflights.count)
    for (const [last, bytes] of progress.inflights.content) writer.u53(last).u53(bytes)
  }
}

/** Reads what {@link writeProgress} wrote. */
export function readProgress(reader: ByteReader, state: RaftState): void {
  state.readRound = reader.u53()
  state.isReplicationDue = reader.boolean()
  for (let left = reader.count(52); left > 0; left -= 1) {
    const id = readId(reader)
    const matchIndex = reader.u53()
    const progress = new Progress(reader.u53(), state.config)
    progress.matchIndex = matchIndex
    progress.phase = readPhase(reader)
    progress.offeredIndex = reader.u53() || null
    progress.isWaiting = reader.boolean()
    progress.isRecentlyActive = reader.boolean()
    progress.ackedRound = reader.u53()
    progress.toldCommit = reader.u53()
    for (let sent = reader.count(16); sent > 0; sent -= 1) progress.inflights.add(reader.u53(), reader.u53())
    state.progress.set(id, progress)
  }
}

/** Writes the barriers that wait. */
export function writeReads(writer: ByteWriter, state: RaftState): void {
  writeTokens(writer, state.waitingReads)
  writer.u32(state.readRounds.length)
  for (const { round, index, tokens } of state.readRounds) {
    writer.u53(round).u53(index)
    writeTokens(writer, tokens)
  }
}

/** Reads what {@link writeReads} wrote. */
export function readReads(reader: ByteReader, state: RaftState): void {
  state.waitingReads = readTokens(reader)
  for (let left = reader.count(20); left > 0; left -= 1) {
    state.readRounds.push({ round: reader.u53(), index: logIndex(reader.u53()), tokens: readTokens(reader) })
  }
}

function writeTokens(writer: ByteWriter, tokens: readonly Token[]): void {
  writer.u32(tokens.length)
  for (const each of tokens) writer.u53(each)
}

function readTokens(reader: ByteReader): Token[] {
  return Array.from({ length: reader.count(8) }, () => readToken(reader))
}

/** Writes who is to take over, and who is known to be gone. */
export function writeHandover(writer: ByteWriter, { transfer, suspicion }: RaftState): void {
  writer.asciiOrNull(transfer?.to ?? null)
  if (transfer) {
    writer.u53(transfer.token).u53(transfer.term).u32(transfer.elapsedTicks).boolean(transfer.isSent)
  }
  writer.asciiOrNull(suspicion?.leader ?? null)
  if (suspicion) writer.u32(suspicion.waitTicks)
}

/** Reads what {@link writeHandover} wrote. */
export function readHandover(reader: ByteReader, state: RaftState): void {
  const to = readVote(reader)
  if (to !== null) {
    const [given, term] = [readToken(reader), readTerm(reader)]
    state.transfer = { to, token: given, term, elapsedTicks: reader.u32(), isSent: reader.boolean() }
  }
  const leader = readVote(reader)
  if (leader !== null) state.suspicion = { leader, waitTicks: reader.u32() }
}

export function readToken(reader: ByteReader): Token {
  return token(reader.u53())
}

export function readId(reader: ByteReader): NodeId {
  const id = reader.ascii()
  if (!isNodeId(id)) throw new BytesError(`"${id}" names no member`)
  return id
}

function readPhase(reader: ByteReader): ProgressPhase {
  const phase = phases[reader.u8()]
  if (phase === undefined) throw new BytesError('how entries travel is not known')
  return phase
}
