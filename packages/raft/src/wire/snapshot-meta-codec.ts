import {
  BytesError,
  position,
  readMembers,
  writeMembers,
  type ByteReader,
  type ByteWriter,
  type SnapshotMeta,
} from '@quorate/contracts'
import { decodeConfState } from './conf-state-codec.js'
import { readIndex, readTerm } from './entry-codec.js'

/** Writes what a snapshot stands for. */
export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  writer.u53(meta.position).u53(meta.epoch)
  writeMembers(writer, meta.members)
  writer.bytes(meta.protocol)
}

/** Reads what {@link writeSnapshotMeta} wrote, with a configuration that can be put into effect. */
export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const meta = {
    position: position(readIndex(reader)),
    epoch: readTerm(reader),
    members: readMembers(reader),
    protocol: reader.bytes().slice(),
  }
  checkSnapshotMeta(meta)
  return meta
}

/** Refuses what no member running Raft can have saved. Throws `BytesError` or `ProtocolFormatError`. */
export function checkSnapshotMeta(meta: SnapshotMeta): void {
  if (meta.position === 0 || meta.epoch === 0) throw new BytesError('a snapshot stands for one entry at least')
  const { autoLeave: _, ...lists } = decodeConfState(meta.protocol)
  const ids = new Set<string>(meta.members.map(({ id }) => id))
  const stranger = Object.values(lists)
    .flat()
    .find((id) => !ids.has(id))
  if (stranger !== undefined) throw new BytesError(`${stranger} is in the configuration and no member`)
}
