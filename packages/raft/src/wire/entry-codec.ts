import { BytesError, type ByteReader, type ByteWriter } from '@quorate/contracts'
import { countMax } from '../bounds.js'
import { entryOverheadBytes, sizeOfEntry, type Entry, type EntryKind } from '../entry.js'
import type { LogIndex, Term } from '../units.js'

const kinds: readonly EntryKind[] = ['command', 'membership', 'noop']

export function readTerm(reader: ByteReader): Term {
  return readCount(reader) as Term
}

export function readIndex(reader: ByteReader): LogIndex {
  return readCount(reader) as LogIndex
}

function readCount(reader: ByteReader): number {
  const count = reader.u53()
  if (count > countMax) throw new BytesError('a term or index is larger than any can be')
  return count
}

/** Entries in a row: their indexes follow from the first one's. */
export function writeEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  writer.u32(entries.length)
  for (const entry of entries) writer.u53(entry.term).u8(kinds.indexOf(entry.kind)).bytes(entry.data)
}

/** Bytes that {@link writeEntries} takes. */
export function sizeOfEntries(entries: readonly Entry[]): number {
  let bytes = 4
  for (const entry of entries) bytes += sizeOfEntry(entry)
  return bytes
}

/** Reads entries in a row from `firstIndex`. Their data are views of the reader's bytes. Terms never decrease. */
export function readEntries(reader: ByteReader, firstIndex: number): Entry[] {
  const count = reader.count(entryOverheadBytes)
  const entries: Entry[] = []
  let lastTerm = 0
  for (let at = 0; at < count; at += 1) {
    const entryTerm = readTerm(reader)
    const kind = kinds[reader.u8()]
    if (kind === undefined) throw new BytesError('an entry is of no known kind')
    if (entryTerm < lastTerm || entryTerm === 0) throw new BytesError('terms of entries start at 1 and never decrease')
    lastTerm = entryTerm
    entries.push({ index: checkedIndex(firstIndex + at), term: entryTerm, kind, data: reader.bytes() })
  }
  return entries
}

function checkedIndex(index: number): LogIndex {
  if (index < 1 || index > countMax) throw new BytesError('an entry is outside every log')
  return index as LogIndex
}
