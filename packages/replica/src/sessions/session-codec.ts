import {
  BytesError,
  clusterIdBytes,
  clusterTime,
  position,
  sessionNonceBytes,
  type ByteReader,
  type ByteWriter,
} from '@quorate/contracts'
import { byteOfOwner, ownerOf } from './opening.js'
import { ownSessionsMax, sessionResultsMax, sessionsMax, type MachineRefusal, type Session } from './session.js'
import { SessionTable } from './session-table.js'

/** Bytes of a session without answers, and of an answer without its bytes, at least. */
const sessionBytesMin = 8 + clusterIdBytes + sessionNonceBytes + 1 + 4 + 8 * 3 + 4
const answerBytesMin = 8 + 4 + 4 + 1 + 4

const machineRefusals = ['noCommand', 'versionNotActive'] as const satisfies readonly MachineRefusal[]

/** Appends a table: sessions by id, their answers by count, so that equal tables have equal bytes. */
export function writeSessions(writer: ByteWriter, table: SessionTable): void {
  writer.u32(table.size)
  for (const session of table.all()) {
    writer.u53(session.id).raw(session.cluster).raw(session.nonce).u8(byteOfOwner(session.owner)).u32(session.timeoutMs)
    writer.u53(session.lastActive).u53(session.lowestUnacknowledged).u53(session.highestSequence)
    writer.u32(session.results.size)
    for (const [sequence, { digest, result, refused }] of [...session.results].sort(
      ([left], [right]) => left - right,
    )) {
      writer.u53(sequence).u32(digest.high).u32(digest.low)
      writer.u8(refused === null ? 0 : 1 + machineRefusals.indexOf(refused)).bytes(result)
    }
  }
}

/** Reads what {@link writeSessions} wrote. Throws {@link BytesError} on anything else. */
export function readSessions(reader: ByteReader): SessionTable {
  const table = new SessionTable()
  const count = reader.count(sessionBytesMin)
  const countMax = sessionsMax + ownSessionsMax
  if (count > countMax) throw new BytesError(`${count} sessions are above ${countMax}`)
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
    cluster: reader.raw(clusterIdBytes).slice(),
    nonce: reader.raw(sessionNonceBytes).slice(),
    owner: ownerOf(reader.u8()),
    timeoutMs: reader.u32(),
    lastActive: clusterTime(reader.u53()),
    lowestUnacknowledged: reader.u53(),
    highestSequence: reader.u53(),
    results: new Map(),
    resultBytes: 0,
  }
  const results = reader.count(answerBytesMin)
  if (results > sessionResultsMax) throw new BytesError(`${results} results are above ${sessionResultsMax}`)
  let previous = -1
  for (let left = results; left > 0; left -= 1) {
    const sequence = reader.u53()
    if (sequence <= previous) throw new BytesError('answers are not in their order')
    previous = sequence
    const digest = { high: reader.u32(), low: reader.u32() }
    const refused = refusalOf(reader.u8())
    const result = reader.bytes().slice()
    session.results.set(sequence, { digest, result, refused })
    session.resultBytes += result.length
  }
  return session
}

/** Null: it was carried out. */
function refusalOf(byte: number): MachineRefusal | null {
  if (byte === 0) return null
  const refused = machineRefusals[byte - 1]
  if (refused === undefined) throw new BytesError('this version knows no such refusal')
  return refused
}
