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
import type { RaftRecord } from '../record.js'
import { readEntries, readIndex, readTerm, sizeOfEntries, writeEntries } from './entry-codec.js'
import { decodeWhole } from './format-error.js'

/** The newest record format that this code reads, and the one it writes. */
export const recordFormat = 1

const kinds = ['bootstrap', 'hardState', 'entries', 'reset'] as const satisfies readonly RaftRecord['kind'][]

/** Writes a record. */
export function encodeRecord(record: RaftRecord): Uint8Array {
  const entriesBytes = record.kind === 'entries' ? sizeOfEntries(record.entries) : 0
  const writer = ByteWriter.passing(32 + entriesBytes)
    .u8(recordFormat)
    .u8(kinds.indexOf(record.kind))
  switch (record.kind) {
    case 'bootstrap':
      writeMembers(writer, record.members)
      return writer.finish()
    case 'hardState':
      return writer.u53(record.hardState.currentTerm).asciiOrNull(record.hardState.votedFor).finish()
    case 'entries':
      writer.u53(record.firstIndex)
      writeEntries(writer, record.entries)
      return writer.finish()
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
    case 'entries': {
      const firstIndex = readIndex(reader)
      return { kind, firstIndex, entries: readEntries(reader, firstIndex) }
    }
    case 'reset':
      return { kind, base: { index: readIndex(reader), term: readTerm(reader) } }
  }
}

export function readVote(reader: ByteReader): NodeId | null {
  const id = reader.asciiOrNull()
  if (id !== null && !isNodeId(id)) throw new BytesError(`"${id}" names no member`)
  return id
}
