import { BytesError, ByteWriter, type ByteReader } from '@quorate/contracts'
import { readWhole } from '../read-whole.js'

/** The log goes on with this command, at this position. */
export interface EntryRecord {
  readonly kind: 'entry'
  readonly position: number
  readonly command: Uint8Array
}

/**
 * A snapshot stands for everything up to this position. The log behind it stays (`keeps`), or it did not reach so far and
 * begins anew there (`resets`).
 */
export interface SnapshotRecord {
  readonly kind: 'snapshot'
  readonly position: number
  readonly log: 'keeps' | 'resets'
}

/** What a member makes durable. A record says what it did, so that the fold never has to guess. */
export type FixedLeaderRecord = EntryRecord | SnapshotRecord

const kinds = { entry: 1, keeps: 2, resets: 3 }

/** Writes a record. */
export function encodeRecord(record: FixedLeaderRecord): Uint8Array {
  if (record.kind === 'snapshot') return new ByteWriter().u8(kinds[record.log]).u53(record.position).finish()
  const { position, command } = record
  return new ByteWriter(command.length + 9).u8(kinds.entry).u53(position).raw(command).finish()
}

/** Reads what {@link encodeRecord} wrote. Throws `ProtocolFormatError`. */
export function decodeRecord(bytes: Uint8Array): FixedLeaderRecord {
  return readWhole(bytes, readRecord)
}

function readRecord(reader: ByteReader): FixedLeaderRecord {
  const kind = reader.u8()
  const position = reader.u53()
  if (position === 0) throw new BytesError('a record is of one position at least')
  switch (kind) {
    case kinds.entry:
      return { kind: 'entry', position, command: reader.raw(reader.remaining) }
    case kinds.keeps:
      return { kind: 'snapshot', position, log: 'keeps' }
    case kinds.resets:
      return { kind: 'snapshot', position, log: 'resets' }
    default:
      throw new BytesError(`${kind} is no kind of record`)
  }
}
