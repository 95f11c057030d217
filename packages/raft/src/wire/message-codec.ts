import { ByteWriter, BytesError, ProtocolFormatError, type ByteReader } from '@quorate/contracts'
import { Append } from '../append.js'
import { EntriesRun } from '../entries-run.js'
import type {
  AppendEntries,
  AppendEntriesReply,
  InstallSnapshot,
  RaftAdmin,
  RaftMessage,
  RequestVote,
} from '../message.js'
import type { Term } from '../units.js'
import { readIndex, readTerm } from './entry-codec.js'
import { decodeWhole } from './format-error.js'
import { readEntriesRecord, writeEntriesRecord } from './record-codec.js'
import { readSnapshotMeta, writeSnapshotMeta } from './snapshot-meta-codec.js'

/** The newest message format that this code reads, and the one it writes. */
export const messageFormat = 1

const kinds = [
  'requestPreVote',
  'requestPreVoteReply',
  'requestVote',
  'requestVoteReply',
  'appendEntries',
  'appendEntriesReply',
  'heartbeat',
  'heartbeatReply',
  'installSnapshot',
  'installSnapshotReply',
  'timeoutNow',
] as const satisfies readonly RaftMessage['kind'][]

/** Writes a message behind `reserve` bytes that are left for the driver. */
export function encodeMessage(message: RaftMessage, reserve: number): Uint8Array {
  if (message.kind === 'appendEntries') return encodeAppend(message, reserve)
  const writer = ByteWriter.passing(reserve + 48, reserve)
  writer.u8(messageFormat).u8(kinds.indexOf(message.kind)).u53(message.term)
  switch (message.kind) {
    case 'requestPreVote':
      return writer.u53(message.lastLogIndex).u53(message.lastLogTerm).finish()
    case 'requestVote':
      writer.u53(message.lastLogIndex).u53(message.lastLogTerm)
      return writer.boolean(message.isTransfer === true).finish()
    case 'requestPreVoteReply':
    case 'requestVoteReply':
      return writer.boolean(message.voteGranted).finish()
    case 'appendEntriesReply':
      writeAppendReply(writer, message)
      return writer.finish()
    case 'heartbeat':
      return writer.u53(message.leaderCommit).u53(message.round).finish()
    case 'heartbeatReply':
      return writer.u53(message.round).finish()
    case 'installSnapshot':
      writeSnapshotMeta(writer, message.meta)
      return writer.finish()
    case 'installSnapshotReply':
      return writer.boolean(message.success).u53(message.position).u53(message.matchIndex).finish()
    case 'timeoutNow':
      return writer.finish()
  }
}

/** Reads what {@link encodeMessage} wrote, without its reserve. Entries are views of `bytes`. Throws `ProtocolFormatError`. */
export function decodeMessage(bytes: Uint8Array): RaftMessage {
  return decodeWhole('message', bytes, readMessage)
}

/** Writes an admin command. */
export function encodeAdmin(_command: RaftAdmin): Uint8Array {
  return new Uint8Array([1])
}

/** Reads an admin command. Throws `ProtocolFormatError`. */
export function decodeAdmin(bytes: Uint8Array): RaftAdmin {
  if (bytes.length !== 1 || bytes[0] !== 1) throw new ProtocolFormatError('these bytes are no admin command')
  return { kind: 'campaign' }
}

/** An append carries the record that its follower is to write, so that nobody has to write the same entries again. */
function encodeAppend(message: AppendEntries, reserve: number): Uint8Array {
  const run = Append.runOf(message)
  const record = run.entries.length > 0 ? run.record : null
  const writer = ByteWriter.passing(reserve + 48 + (record?.length ?? 0), reserve)
  writer.u8(messageFormat).u8(kinds.indexOf(message.kind)).u53(message.term)
  writer.u53(message.prevLogTerm).u53(message.leaderCommit)
  if (record) writer.raw(record)
  else writeEntriesRecord(writer, run)
  return writer.finish()
}

function readMessage(reader: ByteReader): RaftMessage {
  const format = reader.u8()
  if (format !== messageFormat) throw new BytesError(`message format ${format} is not known here`)
  const kind = kinds[reader.u8()]
  if (kind === undefined) throw new BytesError('it is of no known kind')
  const term = readTerm(reader)
  switch (kind) {
    case 'requestPreVote':
      return { kind, term: ofTerm(term), ...readLastEntry(reader, term) }
    case 'requestVote': {
      const message = { kind, term: ofTerm(term), ...readLastEntry(reader, term) }
      return reader.boolean() ? { ...message, isTransfer: true } : message
    }
    case 'requestPreVoteReply':
    case 'requestVoteReply':
      return { kind, term, voteGranted: reader.boolean() }
    case 'appendEntries':
      return readAppend(reader, term)
    case 'appendEntriesReply':
      return readAppendReply(reader, term)
    case 'heartbeat':
      return { kind, term: ofTerm(term), leaderCommit: readIndex(reader), round: reader.u53() }
    case 'heartbeatReply':
      return { kind, term, round: reader.u53() }
    case 'installSnapshot':
      return readOffer(reader, term)
    case 'installSnapshotReply':
      return { kind, term, success: reader.boolean(), position: readIndex(reader), matchIndex: readIndex(reader) }
    case 'timeoutNow':
      return { kind, term: ofTerm(term) }
  }
}

/** Candidates and leaders are of a term; only who answers may be of none yet. */
function ofTerm(term: Term): Term {
  if (term === 0) throw new BytesError('nobody campaigns or leads in term 0')
  return term
}

function readLastEntry(reader: ByteReader, term: Term): Pick<RequestVote, 'lastLogIndex' | 'lastLogTerm'> {
  const lastLogIndex = readIndex(reader)
  const lastLogTerm = readTerm(reader)
  checkName(lastLogIndex, lastLogTerm)
  if (lastLogTerm >= term) throw new BytesError('a candidate has no entry of the term that it campaigns in')
  return { lastLogIndex, lastLogTerm }
}

/** What is before the log has index 0 and term 0, and nothing else has either. */
function checkName(index: number, term: Term): void {
  if ((index === 0) !== (term === 0)) throw new BytesError(`no entry is named ${index}@${term}`)
}

function readAppend(reader: ByteReader, term: Term): AppendEntries {
  const prevLogTerm = readTerm(reader)
  const leaderCommit = readIndex(reader)
  const run = readRun(reader)
  checkName(run.firstIndex - 1, prevLogTerm)
  const firstTerm = run.entries[0]?.term ?? prevLogTerm
  const lastTerm = run.entries.at(-1)?.term ?? prevLogTerm
  if (firstTerm < prevLogTerm || lastTerm > term) {
    throw new BytesError('terms of entries lie outside those of the message')
  }
  return new Append(ofTerm(term), prevLogTerm, leaderCommit, run)
}

function readRun(reader: ByteReader): EntriesRun {
  const before = reader.remaining
  const { firstIndex, entries } = readEntriesRecord(reader)
  if (firstIndex === 0) throw new BytesError('entries begin behind what is before the log')
  return new EntriesRun(firstIndex, entries, entries.length > 0 ? reader.since(before) : null)
}

function readOffer(reader: ByteReader, term: Term): InstallSnapshot {
  const meta = readSnapshotMeta(reader)
  if (meta.epoch > term) throw new BytesError('a snapshot is of a later term than the leader that offers it')
  return { kind: 'installSnapshot', term: ofTerm(term), meta }
}

function writeAppendReply(writer: ByteWriter, message: AppendEntriesReply): void {
  writer.boolean(message.success)
  if (message.success) writer.u53(message.matchIndex)
  else writer.u53(message.prevLogIndex).u53(message.hintIndex).u53(message.hintTerm)
}

function readAppendReply(reader: ByteReader, term: Term): AppendEntriesReply {
  const kind = 'appendEntriesReply'
  if (reader.boolean()) return { kind, term, success: true, matchIndex: readIndex(reader) }
  const prevLogIndex = readIndex(reader)
  const hintIndex = readIndex(reader)
  return { kind, term, success: false, prevLogIndex, hintIndex, hintTerm: readTerm(reader) }
}
