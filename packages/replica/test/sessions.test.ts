import { ByteReader, BytesError, ByteWriter, clusterTime, position, seededRandom } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { decodeOpening, encodeOpening } from '../src/sessions/opening.js'
import { digestOfCommand } from '../src/sessions/command-digest.js'
import { OwnSessions } from '../src/sessions/own-sessions.js'
import { SessionRoom } from '../src/sessions/session-room.js'
import { readSessions, writeSessions } from '../src/sessions/session-codec.js'
import {
  ownSessionsMax,
  sessionBytesMax,
  sessionResultsMax,
  sessionsMax,
  tableBytesMax,
  type Opening,
  type Place,
} from '../src/sessions/session.js'
import { SessionTable } from '../src/sessions/session-table.js'

const cluster = new Uint8Array(16).fill(1)

const nonceOf = (seed: number): Uint8Array => {
  const random = seededRandom(seed)
  return Uint8Array.from({ length: 16 }, () => random.nextInt(256))
}

const bytesOf = (table: SessionTable): Uint8Array => {
  const writer = new ByteWriter()
  writeSessions(writer, table)
  return writer.finish()
}

const openingOf = (seed: number, timeoutMs = 1_000, owner: Opening['owner'] = 'caller'): Opening => {
  return { cluster, nonce: nonceOf(seed), owner, timeoutMs }
}

/** A session that has the nonce of its own position, at the time zero. */
function open(table: SessionTable, id: number, timeoutMs = 1_000, nowMs = 0): number | null {
  return table.open(openingOf(id, timeoutMs), position(id), clusterTime(nowMs))
}

/** Carries a command out as the state does: applied only when it is fresh. The answer begins with the command. */
function give(table: SessionTable, id: number, sequence: number, lowest: number, answer: string, nowMs = 0): string {
  return giveTo(table, { session: position(id), sequence, lowestUnacknowledged: lowest }, answer, nowMs)
}

function giveTo(
  table: SessionTable,
  place: Pick<Place, 'session' | 'sequence' | 'lowestUnacknowledged'> & Partial<Place>,
  answer: string,
  nowMs = 0,
): string {
  const bytes = new TextEncoder().encode(answer)
  const digest = digestOfCommand(bytes.subarray(0, 64))
  const whole = { cluster, nonce: nonceOf(place.session), digest, ...place }
  const verdict = table.judge(whole, clusterTime(nowMs))
  if (verdict.kind === 'refused') return verdict.why
  if (verdict.kind === 'repeated') return `again: ${new TextDecoder().decode(verdict.kept.result)}`
  table.keep(verdict.session, place.sequence, { digest, result: bytes, refused: null })
  return answer
}

test('D11: a command that comes again gets its first answer, and is not applied again', () => {
  const table = new SessionTable()
  expect(open(table, 5)).toBe(5)
  expect(give(table, 5, 1, 1, 'first')).toBe('first')
  expect(give(table, 5, 1, 1, 'first')).toBe('again: first')
  expect(give(table, 5, 3, 1, 'out of order')).toBe('out of order')
  expect(give(table, 5, 2, 1, 'late')).toBe('late')
})

test('D11: what was acknowledged is forgotten, and a count below it is refused, never applied', () => {
  const table = new SessionTable()
  open(table, 5)
  for (let sequence = 1; sequence <= 4; sequence += 1) give(table, 5, sequence, 1, `answer ${sequence}`)
  expect(give(table, 5, 5, 4, 'fifth')).toBe('fifth')
  expect(table.answerTo({ cluster, session: position(5), nonce: nonceOf(5) }, 3)).toBeNull()
  expect(give(table, 5, 3, 1, 'answer 3')).toBe('expired')
  expect(give(table, 5, 4, 1, 'answer 4')).toBe('again: answer 4')
})

test('another command under a count that was used is refused, and the first keeps its answer', () => {
  const table = new SessionTable()
  open(table, 5)
  expect(give(table, 5, 1, 1, 'first')).toBe('first')
  expect(give(table, 5, 1, 1, 'other')).toBe('reused')
  expect(give(table, 5, 1, 1, 'first')).toBe('again: first')
})

test('a session is its caller’s: another nonce does not find it, and another cluster is told so', () => {
  const table = new SessionTable()
  open(table, 5)
  give(table, 5, 1, 1, 'first')
  const place = { session: position(5), sequence: 2, lowestUnacknowledged: 2 }
  const before = bytesOf(table)
  expect(giveTo(table, { ...place, nonce: nonceOf(6) }, 'a guess', 900)).toBe('expired')
  expect(giveTo(table, { ...place, cluster: new Uint8Array(16).fill(2) }, 'of another cluster', 900)).toBe(
    'wrongCluster',
  )
  expect(bytesOf(table), 'nothing was acknowledged, renewed or kept').toEqual(before)
  expect(table.idOf({ cluster: new Uint8Array(16).fill(2), nonce: nonceOf(5) })).toBeNull()
  expect(table.answerTo({ cluster, session: position(5), nonce: nonceOf(6) }, 1)).toBeNull()
  table.close({ cluster, session: position(5), nonce: nonceOf(6) })
  expect(give(table, 5, 2, 2, 'its own')).toBe('its own')
})

test('the same nonce opens a session in each cluster: what a recovery has kept is not taken for a new one', () => {
  const table = new SessionTable()
  open(table, 5)
  const elsewhere = { ...openingOf(5), cluster: new Uint8Array(16).fill(2) }
  expect(table.open(elsewhere, position(9), clusterTime(0))).toBe(9)
  expect([table.size, table.idOf(openingOf(5)), table.idOf(elsewhere)]).toEqual([2, 5, 9])
})

test('a count, or an acknowledgement, beyond the window is refused and changes nothing', () => {
  const table = new SessionTable()
  open(table, 5)
  give(table, 5, 1, 1, 'first')
  const before = bytesOf(table)
  const last = Number.MAX_SAFE_INTEGER
  expect(give(table, 5, 1 + sessionResultsMax, 1, 'too far')).toBe('beyondWindow')
  expect(give(table, 5, last, last, 'as far as it goes')).toBe('beyondWindow')
  expect(give(table, 5, 3 + sessionResultsMax, 2 + sessionResultsMax, 'one too far')).toBe('beyondWindow')
  expect(bytesOf(table)).toEqual(before)
  expect(give(table, 5, 1 + sessionResultsMax, 1 + sessionResultsMax, 'as far as it may')).toBe('as far as it may')
})

test('what is refused keeps no session alive', () => {
  const table = new SessionTable()
  open(table, 5, 1_000)
  give(table, 5, 2, 2, 'second', 100)
  const refused = [
    give(table, 5, 1, 1, 'acknowledged', 900),
    give(table, 5, 2, 1, 'another', 900),
    give(table, 5, 2 + sessionResultsMax, 2, 'beyond', 900),
  ]
  expect(refused).toEqual(['expired', 'reused', 'beyondWindow'])
  expect(table.nextDeadline()).toBe(1_100)
  expect(give(table, 5, 2, 2, 'second', 900)).toBe('again: second')
  expect(table.nextDeadline()).toBe(1_900)
})

test('a session that its caller ends is gone, with its answers and its nonce', () => {
  const table = new SessionTable()
  for (const id of [4, 5]) open(table, id)
  give(table, 5, 1, 1, 'first')
  const without = new SessionTable()
  open(without, 4)
  table.close({ cluster, session: position(5), nonce: nonceOf(5) })
  expect(bytesOf(table)).toEqual(bytesOf(without))
  expect(give(table, 5, 1, 1, 'first')).toBe('expired')
  expect([table.callers, table.idOf(openingOf(5))]).toEqual([1, null])
})

test('D11: the same nonce opens the same session; a full table opens none and evicts none', () => {
  const table = new SessionTable()
  for (let at = 1; at <= sessionsMax; at += 1) open(table, at)
  expect(table.open(openingOf(7), position(99_999), clusterTime(0))).toBe(7)
  expect(table.open(openingOf(0), position(99_999), clusterTime(0))).toBeNull()
  expect(table.size).toBe(sessionsMax)
})

test('members have a pool of their own: callers do not fill it, and members do not fill theirs', () => {
  const table = new SessionTable()
  for (let at = 1; at <= sessionsMax; at += 1) open(table, at)
  for (let at = 1; at <= ownSessionsMax; at += 1) {
    const id = sessionsMax + at
    expect(table.open(openingOf(id, 1_000, 'member'), position(id), clusterTime(0))).toBe(id)
  }
  expect(table.open(openingOf(0, 1_000, 'member'), position(99_999), clusterTime(0))).toBeNull()
  const restored = readSessions(new ByteReader(bytesOf(table)))
  expect([restored.size, restored.callers]).toEqual([sessionsMax + ownSessionsMax, sessionsMax])
  expect(restored.hasRoomFor('caller') || restored.hasRoomFor('member')).toBe(false)
  restored.close({ cluster, session: position(3), nonce: nonceOf(3) })
  expect([restored.hasRoomFor('caller'), restored.hasRoomFor('member')]).toEqual([true, false])
})

test('D11: sessions end by cluster time alone, counted from their last command', () => {
  const table = new SessionTable()
  for (const id of [1, 2]) open(table, id)
  give(table, 2, 1, 1, 'kept alive', 600)
  table.expire(clusterTime(999))
  expect([table.size, table.nextDeadline()]).toEqual([2, 1_000])
  table.expire(clusterTime(1_000))
  expect([table.idOf(openingOf(1)), table.idOf(openingOf(2)), table.nextDeadline()]).toEqual([null, 2, 1_600])
  expect(give(table, 1, 1, 1, 'too late', 1_000)).toBe('expired')
  table.expire(clusterTime(1_600))
  expect([table.size, table.nextDeadline()]).toEqual([0, null])
})

test('D37: a session with as many unacknowledged answers as it may have takes no more until some are acknowledged', () => {
  const table = new SessionTable()
  open(table, 1)
  for (let sequence = 1; sequence <= sessionResultsMax; sequence += 1) give(table, 1, sequence, 1, 'x')
  expect(give(table, 1, sessionResultsMax + 1, 1, 'one too many')).toBe('beyondWindow')
  expect(give(table, 1, sessionResultsMax + 1, 2, 'now')).toBe('now')
})

test('D11: when a session holds too many bytes, the command that all others wait for still passes', () => {
  const table = new SessionTable()
  open(table, 1)
  const half = 'x'.repeat(sessionBytesMax / 2)
  expect([give(table, 1, 2, 1, half), give(table, 1, 3, 1, half)]).toEqual([half, half])
  expect(give(table, 1, 4, 1, 'one too many')).toBe('full')
  expect(give(table, 1, 1, 1, 'the lowest')).toBe('the lowest')
  expect(give(table, 1, 4, 4, 'now')).toBe('now')
})

test('callers of a member open sessions at a bounded rate, which comes back with time', () => {
  let nowMs = 0
  const room = new SessionRoom({ monotonicMs: () => nowMs }, () => {})
  for (let count = 1; count <= 1_000; count += 1) room.checkRate()
  expect(() => room.checkRate()).toThrow(expect.objectContaining({ code: 'OVERLOADED', outcome: 'notDone' }))
  nowMs = 1_000
  for (let count = 1; count <= 20; count += 1) room.checkRate()
  expect(() => room.checkRate()).toThrow('1000 sessions in a short time')
})

test('a table that is nearly full is told once, before it is full, and again after there was room', () => {
  const told: string[] = []
  const room = new SessionRoom({ monotonicMs: () => 0 }, (message) => told.push(message))
  const look = (callers: number): number => {
    room.onOpened({ callers } as SessionTable)
    return told.length
  }
  const [most, below] = [sessionsMax * 0.8, sessionsMax * 0.7]
  expect([most - 1, most, most + 1, sessionsMax, below - 1, most].map(look)).toEqual([0, 1, 1, 1, 1, 2])
  expect(told[0]).toContain(`clients have ${most} of ${sessionsMax} sessions`)
})

test('D11: while one command of its own callers is unanswered, a member opens another session before the window is full', async () => {
  let opened = 0
  const keyOf = (at: number) => ({ cluster, session: position(at), nonce: nonceOf(at) })
  const own = new OwnSessions({ open: async () => keyOf((opened += 1)), isAlive: () => true })
  await own.open()
  expect(own.take()).toMatchObject({ key: { session: 1 }, sequence: 1 })
  for (let sequence = 2; sequence <= sessionResultsMax; sequence += 1) own.take()?.release()
  expect(own.take()).toBeNull()
  await own.open()
  expect(own.take()).toMatchObject({ key: { session: 2 }, sequence: 1 })
})

test('a member gives nothing more to a session that has refused a command, whatever it knows of it', async () => {
  let opened = 0
  const own = new OwnSessions({
    open: async () => ({ cluster, session: position((opened += 1)), nonce: nonceOf(opened) }),
    isAlive: () => true,
  })
  await own.open()
  own.take()?.onRefused()
  expect(own.take()).toBeNull()
})

test('a table reads back as it was written, and equal tables have equal bytes whatever their history', () => {
  const one = new SessionTable()
  const other = new SessionTable()
  for (const [table, order] of [
    [one, [1, 2, 3]],
    [other, [3, 1, 2]],
  ] as const) {
    for (const id of [4, 9]) open(table, id, 500 + id, 10)
    for (const sequence of order) give(table, 4, sequence, 1, `answer ${sequence}`, 20)
    give(table, 9, 1, 1, '', 20)
  }
  expect(bytesOf(other)).toEqual(bytesOf(one))
  const read = readSessions(new ByteReader(bytesOf(one)))
  expect(bytesOf(read)).toEqual(bytesOf(one))
  expect(give(read, 4, 2, 1, 'answer 2', 30)).toBe('again: answer 2')
  expect(give(read, 4, 3 + 2 * sessionResultsMax, 3 + sessionResultsMax, 'as far as in the original')).toBe(
    'beyondWindow',
  )
})

test('damaged bytes of a table throw BytesError and nothing else', () => {
  const table = new SessionTable()
  for (const id of [4, 9]) open(table, id, 500, 10)
  give(table, 4, 1, 1, 'answer')
  const bytes = bytesOf(table)
  for (let at = 0; at < bytes.length; at += 1) {
    for (const damaged of [
      bytes.slice(0, at),
      Uint8Array.from(bytes, (byte, each) => (each === at ? byte ^ 0xff : byte)),
    ]) {
      try {
        const reader = new ByteReader(damaged)
        readSessions(reader)
        reader.end()
      } catch (error) {
        expect(error).toBeInstanceOf(BytesError)
      }
    }
  }
})

test('the command that opens a session reads back, and no other length is one', () => {
  for (const owner of ['caller', 'member'] as const) {
    const opening = { owner, timeoutMs: 60_000 }
    expect(decodeOpening(encodeOpening(opening))).toEqual(opening)
    expect(() => decodeOpening(encodeOpening(opening).subarray(1))).toThrow(BytesError)
  }
  expect(() => decodeOpening(Uint8Array.of(2, 0, 0, 0, 1))).toThrow(BytesError)
})

test('D37: while all sessions together hold too many bytes none is opened, and of each only the lowest command passes', () => {
  const table = new SessionTable()
  const answer = 'x'.repeat(sessionBytesMax - 100)
  const count = Math.ceil(tableBytesMax / answer.length)
  open(table, 1_000, 1_000_000)
  for (let at = 1; at <= count; at += 1) {
    expect(open(table, at, at * 1_000)).toBe(at)
    expect(give(table, at, 1, 1, answer)).toBe(answer)
  }
  expect(open(table, 2_000)).toBeNull()
  expect(give(table, 1_000, 2, 1, 'not even a small one')).toBe('full')
  const restored = readSessions(new ByteReader(bytesOf(table)))
  expect(give(restored, 1_000, 2, 1, 'nor in a copy')).toBe('full')
  expect(give(restored, 1_000, 1, 1, 'the lowest')).toBe('the lowest')
  expect(give(table, 2, 2, 2, 'what acknowledges others')).toBe('what acknowledges others')
  expect(give(table, 1_000, 2, 1, 'now')).toBe('now')
  expect(open(table, 2_000)).toBe(2_000)
  restored.expire(clusterTime(1_000))
  expect(give(restored, 1_000, 2, 1, 'one ended', 1_000)).toBe('one ended')
})

test('the digest of a command never changes, and differs with each byte and with the length', () => {
  expect(digestOfCommand(new Uint8Array())).toEqual({ high: 2_706_324_738, low: 1_504_252_953 })
  expect(digestOfCommand(Uint8Array.of(1, 2, 3, 4, 5))).toEqual({ high: 3_152_963_222, low: 3_897_829_393 })
  const bytes = Uint8Array.from({ length: 41 }, (_, at) => at * 7)
  const seen = new Set<string>()
  const see = (some: Uint8Array): void => {
    const { high, low } = digestOfCommand(some)
    for (const lane of [high, low]) expect(Number.isInteger(lane) && lane >= 0 && lane < 2 ** 32).toBe(true)
    seen.add(`${high} ${low}`)
  }
  for (let length = 0; length <= bytes.length; length += 1) see(bytes.subarray(0, length))
  for (let at = 0; at < bytes.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1)
      see(Uint8Array.from(bytes, (byte, each) => (each === at ? byte ^ (1 << bit) : byte)))
  }
  expect(seen.size).toBe(42 + 41 * 8)
})

test('sessions end in whatever order their times are over, also when later ones were opened with less', () => {
  const table = new SessionTable()
  const dice = seededRandom(3)
  const ends = new Map<number, number>()
  for (let nowMs = 0; nowMs < 4_000; nowMs += 10) {
    table.expire(clusterTime(nowMs))
    for (const [id, end] of ends) if (end <= nowMs) ends.delete(id)
    expect(
      table.all().map(({ id }) => Number(id)),
      `at ${nowMs}`,
    ).toEqual([...ends.keys()].sort((a, b) => a - b))
    const timeoutMs = 50 + dice.nextInt(500)
    const id = nowMs + 1
    open(table, id, timeoutMs, nowMs)
    ends.set(id, nowMs + timeoutMs)
    const used = table.all()[dice.nextInt(table.size)]
    if (used && dice.nextInt(2) === 0) {
      give(table, used.id, 1, 1, 'x', nowMs)
      ends.set(used.id, nowMs + used.timeoutMs)
    }
  }
  expect(ends.size).toBeGreaterThan(10)
})
