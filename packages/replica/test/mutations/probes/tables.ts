import { clusterIdBytes, clusterTime, position, sessionNonceBytes } from '@quorate/contracts'
import { SessionTable } from '../../../src/sessions/session-table.js'
import type { Opening, Place } from '../../../src/sessions/session.js'

const digest = { high: 1, low: 2 }

export function openingOf(name: number, timeoutMs: number): Opening {
  const [cluster, nonce] = [new Uint8Array(clusterIdBytes), new Uint8Array(sessionNonceBytes).fill(name)]
  return { cluster, nonce, owner: name % 2 === 0 ? 'caller' : 'member', timeoutMs }
}

/** Sessions 1 to 4 with so many answers each. Odd ones end after a second. */
export function filledTable(answers: number, bytes: number): SessionTable {
  const table = new SessionTable()
  for (let name = 1; name <= 4; name += 1) {
    table.open(openingOf(name, name % 2 === 0 ? 60_000 : 1_000), position(name), clusterTime(0))
    for (let sequence = 1; sequence <= answers; sequence += 1) use(table, name, sequence, 1, bytes)
  }
  return table
}

/** A command of a session, with an answer of so many bytes. */
export function use(
  table: SessionTable,
  name: number,
  sequence: number,
  lowestUnacknowledged: number,
  bytes: number,
): void {
  const { cluster, nonce } = openingOf(name, 0)
  const place: Place = { cluster, session: position(name), nonce, sequence, lowestUnacknowledged, digest }
  const verdict = table.judge(place, clusterTime(0))
  if (verdict.kind === 'fresh')
    table.keep(verdict.session, sequence, { digest, result: new Uint8Array(bytes), refused: null })
}

/** What bounds look at is given back, however a session comes to its end. */
export function tablesComeBackToRest(): string | null {
  const table = filledTable(5, 100)
  const full = table.load
  if (full.answers !== 20 || full.bytes < 2_000) return `a table counts ${full.bytes} bytes in 20 answers of 100`
  for (let name = 1; name <= 4; name += 1) use(table, name, 6, 6, 100)
  if (table.load.bytes * 5 !== full.bytes) return 'answers that were acknowledged are counted'
  const ofOne = table.all()[0]?.resultBytes ?? 0
  if (ofOne !== 100) return `a session counts ${ofOne} bytes in an answer of 100`
  table.close({ ...openingOf(2, 0), session: position(2) })
  table.expire(clusterTime(1_000))
  table.expire(clusterTime(60_000))
  const { sessions, answers, bytes } = table.load
  if (sessions + answers + bytes + table.callers > 0)
    return `${sessions} sessions and ${bytes} bytes are left of no session`
  return table.hasRoomFor('caller') && table.nextDeadline() === null ? null : 'an empty table is full'
}
