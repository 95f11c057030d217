import { ByteWriter, BytesError, compareIds, isNodeId, type ByteReader, type NodeId } from '@quorate/contracts'
import type { ConfState } from '../membership/conf-state.js'
import { decodeWhole } from './format-error.js'

/** The newest format of a configuration in a snapshot that this code reads, and the one it writes. */
export const confStateFormat = 1

/** Writes what a snapshot says of the configuration beside its members. */
export function encodeConfState(conf: ConfState): Uint8Array {
  const writer = new ByteWriter(64).u8(confStateFormat)
  for (const ids of [conf.voters, conf.votersOutgoing, conf.learners, conf.learnersNext]) {
    writer.u32(ids.length)
    for (const id of ids) writer.ascii(id)
  }
  return writer.boolean(conf.autoLeave).finish()
}

/** Reads what {@link encodeConfState} wrote. Throws `ProtocolFormatError`. */
export function decodeConfState(bytes: Uint8Array): ConfState {
  return decodeWhole('configuration', bytes, (reader) => {
    const format = reader.u8()
    if (format !== confStateFormat) throw new BytesError(`configuration format ${format} is not known here`)
    return {
      voters: readIds(reader),
      votersOutgoing: readIds(reader),
      learners: readIds(reader),
      learnersNext: readIds(reader),
      autoLeave: reader.boolean(),
    }
  })
}

function readIds(reader: ByteReader): NodeId[] {
  const ids: NodeId[] = []
  for (let left = reader.count(4); left > 0; left -= 1) {
    const id = reader.ascii()
    if (!isNodeId(id)) throw new BytesError(`"${id}" names no member`)
    const previous = ids.at(-1)
    if (previous !== undefined && compareIds(previous, id) >= 0) throw new BytesError('ids are not sorted')
    ids.push(id)
  }
  return ids
}
