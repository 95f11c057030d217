import { BytesError, ByteWriter, position, type ByteReader, type Position } from '@quorate/contracts'
import { readWhole } from '../read-whole.js'

/** The leader's entries behind `previous`, and how far a majority has them. Without entries it is a heartbeat. */
export interface Append {
  readonly kind: 'append'
  readonly previous: Position
  readonly commit: Position
  readonly commands: readonly Uint8Array[]
}

/** How far the sender's log reaches, durably. */
export interface AppendReply {
  readonly kind: 'appendReply'
  readonly last: Position
}

/** What members of a fixed-leader cluster say to each other. */
export type FixedLeaderMessage = Append | AppendReply

/** Writes a message behind `reserve` bytes for the driver. */
export function encodeMessage(message: FixedLeaderMessage, reserve: number): Uint8Array {
  const writer = new ByteWriter(64, reserve)
  if (message.kind === 'appendReply') return writer.u8(2).u53(message.last).finish()
  writer.u8(1).u53(message.previous).u53(message.commit).u32(message.commands.length)
  for (const command of message.commands) writer.bytes(command)
  return writer.finish()
}

/** Reads what {@link encodeMessage} wrote without its reserve. Throws `ProtocolFormatError`. */
export function decodeMessage(bytes: Uint8Array): FixedLeaderMessage {
  return readWhole(bytes, readMessage)
}

function readMessage(reader: ByteReader): FixedLeaderMessage {
  const kind = reader.u8()
  if (kind === 2) return { kind: 'appendReply', last: position(reader.u53()) }
  if (kind !== 1) throw new BytesError(`${kind} is no kind of message`)
  const previous = position(reader.u53())
  const commit = position(reader.u53())
  const commands: Uint8Array[] = []
  for (let left = reader.count(4); left > 0; left -= 1) commands.push(reader.bytes())
  return { kind: 'append', previous, commit, commands }
}
