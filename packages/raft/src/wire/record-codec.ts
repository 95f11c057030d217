import {
  ByteWriter,
  BytesError,
  isNodeId,
  QuorateError,
  readMembers,
  writeMembers,
  type ByteReader,
  type NodeId,
} from '@quorate/contracts'
import type { EntriesRecord, RaftRecord } from '../record.js'
import { readEntries, readIndex, readTerm, sizeOfEntries, writeEntries } from './entry-codec.js'
import { decodeWhole } from './format-error.js'

/** The newest record format that this code reads, and the one it writes. */
export const recordFormat = 1

const kinds = ['bootstrap', 'hardState', 'entries', 'reset'] as const satisfies readonly RaftRecord['kind'][]

/** Writes a record. */
export function encodeRecord(record: RaftRecord): Uint8Array {
  const writer = ByteWriter.passing(record.kind === 'entries' ? 1 + 1 + 8 + sizeOfEntries(record.entries) : 64)
  if (record.kind === 'entries') {
    writeEntriesRecord(writer, record)
    return writer.finish()
  }
  writer.u8(recordFormat).u8(kinds.indexOf(record.kind))
  switch (record.kind) {
    case 'bootstrap':
      writeMembers(writer, record.members)
      return writer.finish()
    case 'hardState':
      return writer.u53(record.hardState.currentTerm).asciiOrNull(record.hardState.votedFor).finish()
    case 'reset':
      return writer.u53(record.base.index).u53(record.base.term).finish()
  }
}

/**
 * Reads what {@link encodeRecord} wrote. Entries are views of `bytes`. Throws `ProtocolFormatError`, and
 * `FORMAT_TOO_NEW` for a record that a later version wrote (decision D40).
 */
export function decodeRecord(bytes: Uint8Array): RaftRecord {
  return decodeWhole('record', bytes, readRecord)
}

function readRecord(reader: ByteReader): RaftRecord {
  const format = reader.u8()
  if (format > recordFormat) {
    const message = `the journal has a record of raft in format ${format} and this version reads up to ${recordFormat}: upgrade this member`
    throw new QuorateError('FORMAT_TOO_NEW', message)
  }
  if (format !== recordFormat) throw new BytesError(`record format ${format} is not known here`)
  const kind = kinds[reader.u8()]
  if (kind === undefined) throw new BytesError('it is of no known kind')
  switch (kind) {
    case 'bootstrap':
      return { kind, members: readMembers(reader) }
    case 'hardState':
      return { kind, hardState: { currentTerm: readTerm(reader), votedFor: readVote(reader) } }
    case 'entries':
      return readFirstAndEntries(reader)
    case 'reset':
      return { kind, base: { index: readIndex(reader), term: readTerm(reader) } }
  }
}

/** Writes a record of entries as a part of something else. */
export function writeEntriesRecord(writer: ByteWriter, { firstIndex, entries }: EntriesRecord): void {
  writer.u8(recordFormat).u8(kinds.indexOf('entries')).u53(firstIndex)
  writeEntries(writer, entries)
}

/** Reads what {@link writeEntriesRecord} wrote. */
export function readEntriesRecord(reader: ByteReader): EntriesRecord {
  if (reader.u8() !== recordFormat || kinds[reader.u8()] !== 'entries') {
    throw new BytesError('there is no record of entries in it')
  }
  return readFirstAndEntries(reader)
}

function readFirstAndEntries(reader: ByteReader): EntriesRecord {
  const firstIndex = readIndex(reader)
  return { kind: 'entries', firstIndex, entries: readEntries(reader, firstIndex) }
}

export function readVote(reader: ByteReader): NodeId | null {
  const id = reader.asciiOrNull()
  if (id !== null && !isNodeId(id)) throw new BytesError(`"${id}" names no member`)
  return id
}
