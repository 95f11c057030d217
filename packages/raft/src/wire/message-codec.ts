import { ByteWriter, BytesError, ProtocolFormatError, type ByteReader } from '@quorate/contracts'
import type {
  AppendEntries,
  AppendEntriesReply,
  InstallSnapshot,
  RaftAdmin,
  RaftMessage,
  RequestVote,
} from '../message.js'
import type { LogIndex, Term } from '../units.js'
import { readEntries, readIndex, readTerm, sizeOfEntries, writeEntries } from './entry-codec.js'
import { decodeWhole } from './format-error.js'
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
  const entriesBytes = message.kind === 'appendEntries' ? sizeOfEntries(message.entries) : 0
  const writer = ByteWriter.passing(reserve + 48 + entriesBytes, reserve)
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
    case 'appendEntries':
      writer.u53(message.prevLogIndex).u53(message.prevLogTerm).u53(message.leaderCommit)
      writeEntries(writer, message.entries)
      return writer.finish()
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
function checkName(index: LogIndex, term: Term): void {
  if ((index === 0) !== (term === 0)) throw new BytesError(`no entry is named ${index}@${term}`)
}

function readAppend(reader: ByteReader, term: Term): AppendEntries {
  const prevLogIndex = readIndex(reader)
  const prevLogTerm = readTerm(reader)
  checkName(prevLogIndex, prevLogTerm)
  const leaderCommit = readIndex(reader)
  const entries = readEntries(reader, prevLogIndex + 1)
  const firstTerm = entries[0]?.term ?? prevLogTerm
  const lastTerm = entries.at(-1)?.term ?? prevLogTerm
  if (firstTerm < prevLogTerm || lastTerm > term) {
    throw new BytesError('terms of entries lie outside those of the message')
  }
  return { kind: 'appendEntries', term: ofTerm(term), prevLogIndex, prevLogTerm, leaderCommit, entries }
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
