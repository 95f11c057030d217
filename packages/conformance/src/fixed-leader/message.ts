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

/** The leader's log no longer goes back to where the receiver is; its snapshot of this position can be pulled. */
export interface Offer {
  readonly kind: 'offer'
  readonly position: Position
}

/** What members of a fixed-leader cluster say to each other. */
export type FixedLeaderMessage = Append | AppendReply | Offer

const kinds = { append: 1, appendReply: 2, offer: 3 }

/** Writes a message behind `reserve` bytes for the driver. */
export function encodeMessage(message: FixedLeaderMessage, reserve: number): Uint8Array {
  const writer = new ByteWriter(64, reserve).u8(kinds[message.kind])
  switch (message.kind) {
    case 'append':
      writer.u53(message.previous).u53(message.commit).u32(message.commands.length)
      for (const command of message.commands) writer.bytes(command)
      return writer.finish()
    case 'appendReply':
      return writer.u53(message.last).finish()
    case 'offer':
      return writer.u53(message.position).finish()
  }
}

/** Reads what {@link encodeMessage} wrote without its reserve. Throws `ProtocolFormatError`. */
export function decodeMessage(bytes: Uint8Array): FixedLeaderMessage {
  return readWhole(bytes, readMessage)
}

function readMessage(reader: ByteReader): FixedLeaderMessage {
  const kind = reader.u8()
  switch (kind) {
    case kinds.append:
      return readAppend(reader)
    case kinds.appendReply:
      return { kind: 'appendReply', last: position(reader.u53()) }
    case kinds.offer:
      return readOffer(reader)
    default:
      throw new BytesError(`${kind} is no kind of message`)
  }
}

function readAppend(reader: ByteReader): Append {
  const previous = position(reader.u53())
  const commit = position(reader.u53())
  const commands: Uint8Array[] = []
  for (let left = reader.count(4); left > 0; left -= 1) commands.push(reader.bytes())
  return { kind: 'append', previous, commit, commands }
}

function readOffer(reader: ByteReader): Offer {
  const at = position(reader.u53())
  if (at === 0) throw new BytesError('a snapshot stands for one position at least')
  return { kind: 'offer', position: at }
}
