import { ByteReader, BytesError, ByteWriter, clusterTime, position, seededRandom } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { decodeOpening, encodeOpening } from '../src/sessions/opening.js'
import { OwnSessions } from '../src/sessions/own-sessions.js'
import { readSessions, writeSessions } from '../src/sessions/session-codec.js'
import {
  sessionBytesMax,
  sessionResultsMax,
  sessionsMax,
  SessionTable,
  tableBytesMax,
} from '../src/sessions/session-table.js'

const nonceOf = (seed: number): Uint8Array => {
  const random = seededRandom(seed)
  return Uint8Array.from({ length: 16 }, () => random.nextInt(256))
}

const bytesOf = (table: SessionTable): Uint8Array => {
  const writer = new ByteWriter()
  writeSessions(writer, table)
  return writer.finish()
}

/** Carries a command out as the state does: applied only when it is fresh. */
function give(table: SessionTable, id: number, sequence: number, lowest: number, answer: string, nowMs = 0): string {
  const verdict = table.judge(position(id), sequence, lowest, clusterTime(nowMs))
  if (verdict.kind === 'refused') return verdict.code
  if (verdict.kind === 'repeated') return new TextDecoder().decode(verdict.result)
  table.keep(verdict.session, sequence, new TextEncoder().encode(answer))
  return answer
}

test('D11: a command that comes again gets its first answer, and is not applied again', () => {
  const table = new SessionTable()
  expect(table.open(nonceOf(1), 1_000, position(5), clusterTime(0))).toBe(5)
  expect(give(table, 5, 1, 1, 'first')).toBe('first')
  expect(give(table, 5, 1, 1, 'again')).toBe('first')
  expect(give(table, 5, 3, 1, 'out of order')).toBe('out of order')
  expect(give(table, 5, 2, 1, 'late')).toBe('late')
})

test('D11: what was acknowledged is forgotten, and a count below it is refused, never applied', () => {
  const table = new SessionTable()
  table.open(nonceOf(1), 1_000, position(5), clusterTime(0))
  for (let sequence = 1; sequence <= 4; sequence += 1) give(table, 5, sequence, 1, `answer ${sequence}`)
  expect(give(table, 5, 5, 4, 'fifth')).toBe('fifth')
  expect(table.resultOf(position(5), 3)).toBeNull()
  expect(give(table, 5, 3, 1, 'once more')).toBe('SESSION_EXPIRED')
  expect(give(table, 5, 4, 1, 'once more')).toBe('answer 4')
})

test('D11: the same nonce opens the same session; a full table opens none and evicts none', () => {
  const table = new SessionTable()
  for (let at = 1; at <= sessionsMax; at += 1) table.open(nonceOf(at), 1_000, position(at), clusterTime(0))
  expect(table.open(nonceOf(7), 1_000, position(99_999), clusterTime(0))).toBe(7)
  expect(table.open(nonceOf(0), 1_000, position(99_999), clusterTime(0))).toBeNull()
  expect(table.size).toBe(sessionsMax)
})

test('D11: sessions end by cluster time alone, counted from their last command', () => {
  const table = new SessionTable()
  table.open(nonceOf(1), 1_000, position(1), clusterTime(0))
  table.open(nonceOf(2), 1_000, position(2), clusterTime(0))
  give(table, 2, 1, 1, 'kept alive', 600)
  table.expire(clusterTime(999))
  expect([table.size, table.nextDeadline()]).toEqual([2, 1_000])
  table.expire(clusterTime(1_000))
  expect([table.has(position(1)), table.has(position(2)), table.nextDeadline()]).toEqual([false, true, 1_600])
  expect(give(table, 1, 1, 1, 'too late', 1_000)).toBe('SESSION_EXPIRED')
  table.expire(clusterTime(1_600))
  expect([table.size, table.nextDeadline()]).toEqual([0, null])
})

test('D37: a session with as many unacknowledged answers as it may have takes no more until some are acknowledged', () => {
  const table = new SessionTable()
  table.open(nonceOf(1), 1_000, position(1), clusterTime(0))
  for (let sequence = 1; sequence <= sessionResultsMax; sequence += 1) give(table, 1, sequence, 1, 'x')
  expect(give(table, 1, sessionResultsMax + 1, 1, 'one too many')).toBe('OVERLOADED')
  expect(give(table, 1, sessionResultsMax + 1, 2, 'now')).toBe('now')
})

test('D11: when a session holds too many bytes, the command that all others wait for still passes', () => {
  const table = new SessionTable()
  table.open(nonceOf(1), 1_000, position(1), clusterTime(0))
  const half = 'x'.repeat(sessionBytesMax / 2)
  expect([give(table, 1, 2, 1, half), give(table, 1, 3, 1, half)]).toEqual([half, half])
  expect(give(table, 1, 4, 1, 'one too many')).toBe('OVERLOADED')
  expect(give(table, 1, 1, 1, 'the lowest')).toBe('the lowest')
  expect(give(table, 1, 4, 4, 'now')).toBe('now')
})

test('D11: while one command of its own callers is unanswered, a member opens another session before the window is full', async () => {
  let opened = 0
  const own = new OwnSessions({ open: async () => position((opened += 1)), isAlive: () => true })
  await own.open()
  expect(own.take()).toMatchObject({ session: 1, sequence: 1 })
  for (let sequence = 2; sequence <= sessionResultsMax; sequence += 1) own.take()?.release()
  expect(own.take()).toBeNull()
  await own.open()
  expect(own.take()).toMatchObject({ session: 2, sequence: 1 })
})

test('a table reads back as it was written, and equal tables have equal bytes whatever their history', () => {
  const one = new SessionTable()
  const other = new SessionTable()
  for (const [table, order] of [
    [one, [1, 2, 3]],
    [other, [3, 1, 2]],
  ] as const) {
    for (const id of [4, 9]) table.open(nonceOf(id), 500 + id, position(id), clusterTime(10))
    for (const sequence of order) give(table, 4, sequence, 1, `answer ${sequence}`, 20)
    give(table, 9, 1, 1, '', 20)
  }
  expect(bytesOf(other)).toEqual(bytesOf(one))
  const read = readSessions(new ByteReader(bytesOf(one)))
  expect(bytesOf(read)).toEqual(bytesOf(one))
  expect(give(read, 4, 2, 1, 'again', 30)).toBe('answer 2')
})

test('damaged bytes of a table throw BytesError and nothing else', () => {
  const table = new SessionTable()
  for (const id of [4, 9]) table.open(nonceOf(id), 500, position(id), clusterTime(10))
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
  const opening = { nonce: nonceOf(3), timeoutMs: 60_000 }
  expect(decodeOpening(encodeOpening(opening))).toEqual(opening)
  expect(() => decodeOpening(encodeOpening(opening).subarray(1))).toThrow(BytesError)
})

test('D37: all sessions together hold a bounded number of bytes, which is that of what they hold', () => {
  const table = new SessionTable()
  const answer = 'x'.repeat(sessionBytesMax - 100)
  const count = Math.ceil(tableBytesMax / answer.length)
  for (let at = 1; at <= count; at += 1) {
    table.open(nonceOf(at), at * 1_000, position(at), clusterTime(0))
    expect(give(table, at, 1, 1, answer)).toBe(answer)
  }
  table.open(nonceOf(0), 1_000_000, position(1_000), clusterTime(0))
  expect(give(table, 1_000, 1, 1, 'not even a small one')).toBe('OVERLOADED')
  const restored = readSessions(new ByteReader(bytesOf(table)))
  expect(give(restored, 1_000, 1, 1, 'nor in a copy')).toBe('OVERLOADED')
  expect(give(table, 2, 2, 2, 'what acknowledges others')).toBe('what acknowledges others')
  expect(give(table, 1_000, 1, 1, 'now')).toBe('now')
  restored.expire(clusterTime(1_000))
  expect(give(restored, 1_000, 1, 1, 'one ended', 1_000)).toBe('one ended')
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
    table.open(nonceOf(id), timeoutMs, position(id), clusterTime(nowMs))
    ends.set(id, nowMs + timeoutMs)
    const used = table.all()[dice.nextInt(table.size)]
    if (used && dice.nextInt(2) === 0) {
      give(table, used.id, 1, 1, 'x', nowMs)
      ends.set(used.id, nowMs + used.timeoutMs)
    }
  }
  expect(ends.size).toBeGreaterThan(10)
})
