import { BytesError, clusterTime, position, type ByteReader, type ByteWriter } from '@quorate/contracts'
import { SessionTable, sessionResultsMax, sessionsMax, type Session } from './session-table.js'

/** Bytes of a nonce. */
export const nonceBytes = 16

/** Appends a table: sessions by id, their answers by count, so that equal tables have equal bytes. */
export function writeSessions(writer: ByteWriter, table: SessionTable): void {
  writer.u32(table.size)
  for (const session of table.all()) {
    writer.u53(session.id).raw(session.nonce).u32(session.timeoutMs)
    writer.u53(session.lastActive).u53(session.lowestUnacknowledged).u32(session.results.size)
    for (const [sequence, result] of [...session.results].sort(([left], [right]) => left - right)) {
      writer.u53(sequence).bytes(result)
    }
  }
}

/** Reads what {@link writeSessions} wrote. Throws {@link BytesError} on anything else. */
export function readSessions(reader: ByteReader): SessionTable {
  const table = new SessionTable()
  const count = reader.count(48)
  if (count > sessionsMax) throw new BytesError(`${count} sessions are above ${sessionsMax}`)
  let previous = 0
  for (let left = count; left > 0; left -= 1) {
    const session = readSession(reader)
    if (session.id <= previous) throw new BytesError('sessions are not in their order')
    previous = session.id
    table.put(session)
  }
  return table
}

function readSession(reader: ByteReader): Session {
  const session: Session = {
    id: position(reader.u53()),
    nonce: reader.raw(nonceBytes).slice(),
    timeoutMs: reader.u32(),
    lastActive: clusterTime(reader.u53()),
    lowestUnacknowledged: reader.u53(),
    results: new Map(),
    resultBytes: 0,
  }
  const results = reader.count(12)
  if (results > sessionResultsMax) throw new BytesError(`${results} results are above ${sessionResultsMax}`)
  let previous = -1
  for (let left = results; left > 0; left -= 1) {
    const sequence = reader.u53()
    if (sequence <= previous) throw new BytesError('answers are not in their order')
    previous = sequence
    const result = reader.bytes().slice()
    session.results.set(sequence, result)
    session.resultBytes += result.length
  }
  return session
}
