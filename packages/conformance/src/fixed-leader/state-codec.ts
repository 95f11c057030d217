import { ByteWriter, position, token, type ByteReader, type NodeId, type ProtocolStart } from '@quorate/contracts'
import { readToken, writeToken } from '../token-codec.js'
import { Log } from './log.js'
import { membersOf, newState, type FixedLeaderState } from './state.js'

/**
 * Everything a member knows, as canonical bytes. Sequences are written relative to what is durable, so that two members
 * in the same state have the same bytes however many records they wrote to get there.
 */
export function encodeState(state: FixedLeaderState): Uint8Array {
  const { log, outbox } = state
  const writer = new ByteWriter().u53(log.base).u32(log.last - log.base)
  for (let at = log.base + 1; at <= log.last; at += 1) {
    const { command, token, sequence } = log.at(at)
    writer.bytes(command).u53(Math.max(0, sequence - log.durableSequence))
    writeToken(writer, at <= state.delivered ? null : token)
  }
  writer.u53(outbox.nextSequence - log.durableSequence)
  writer.u53(state.recoveredLast).u53(state.snapshot).u53(state.commit).u53(state.delivered).u32(state.ticks)
  for (const { match, next, offered } of state.followers) {
    writeOptional(writer, match)
    writer.u53(next)
    writeOptional(writer, offered)
  }
  writer.u32(state.waitingReads.length)
  for (const read of state.waitingReads) writer.u53(read)
  writeOptional(writer, state.fetching)
  writeOptional(writer, state.installing)
  return writer.finish()
}

/** Inverse of {@link encodeState}. Sequences start at 1 again. */
export function readState(reader: ByteReader, start: ProtocolStart, leader: NodeId): FixedLeaderState {
  const log = new Log(reader.u53())
  for (let left = reader.count(13); left > 0; left -= 1) {
    log.append({ command: reader.bytes(), sequence: reader.u53(), token: readToken(reader) })
  }
  log.onPersisted(0)
  const state = newState({ self: start.self, leader, members: membersOf(start, leader) }, log, reader.u53())
  state.recoveredLast = reader.u53()
  state.snapshot = reader.u53()
  state.commit = reader.u53()
  state.delivered = reader.u53()
  state.ticks = reader.u32()
  for (const follower of state.followers) {
    follower.match = readOptional(reader)
    follower.next = reader.u53()
    follower.offered = readOptional(reader)
  }
  for (let left = reader.count(8); left > 0; left -= 1) state.waitingReads.push(token(reader.u53()))
  state.fetching = readPosition(reader)
  state.installing = readPosition(reader)
  return state
}

function writeOptional(writer: ByteWriter, value: number | null): void {
  writer.boolean(value !== null)
  if (value !== null) writer.u53(value)
}

function readOptional(reader: ByteReader): number | null {
  return reader.boolean() ? reader.u53() : null
}

function readPosition(reader: ByteReader) {
  const value = readOptional(reader)
  return value === null ? null : position(value)
}
