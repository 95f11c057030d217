import { guardedLogger, LineLimit, oneLine, silentLogger } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'

describe('what others have written is on one line', () => {
  test('newlines, escapes of terminals and signs that turn text round are spelled out', () => {
    expect(oneLine('n2\n{"level":"fatal"}\r\u001b[2J\u2028\u202egnp')).toBe(
      'n2\\u{a}{"level":"fatal"}\\u{d}\\u{1b}[2J\\u{2028}\\u{202e}gnp',
    )
    expect(oneLine('Straße 7 · 東京 🙂')).toBe('Straße 7 · 東京 🙂')
  })

  test('and of bounded length', () => {
    expect(oneLine('x'.repeat(60_000))).toHaveLength(1_000 + '… (59000 more characters)'.length)
    expect(oneLine('\0'.repeat(60_000)).length).toBeLessThan(10_000)
  })

  test('a logger that was given is given no other', () => {
    const lines: unknown[] = []
    const say = (fields: object, message: string) => void lines.push([fields, message])
    const logger = guardedLogger({ ...silentLogger, warn: say })
    logger.warn({ from: 'a\nb', count: 3 }, 'a\nb')
    expect(lines).toEqual([[{ from: 'a\\u{a}b', count: 3 }, 'a\\u{a}b']])
  })
})

describe('lines about one thing are limited', () => {
  const bench = () => {
    const timers: (() => void)[] = []
    const now = { ms: 0 }
    const leftOut: string[] = []
    const environment = {
      monotonicMs: () => now.ms,
      setTimer: (_: number, run: () => void) => {
        timers.push(run)
        return () => void timers.splice(timers.indexOf(run), 1)
      },
    }
    const limit = new LineLimit(environment, (about, lines) => void leftOut.push(`${about} ${lines}`))
    const said = (about: string, times: number) =>
      Array.from({ length: times }, () => limit.take(about)).filter((isSaid) => isSaid).length
    return { limit, timers, now, leftOut, said }
  }

  test('ten are said, and one says how many were left out; others are not affected', () => {
    const { said, leftOut, timers } = bench()
    expect([said('n2', 10_000), said('n3', 3)]).toEqual([10, 3])
    expect(timers).toHaveLength(1)
    timers[0]?.()
    expect(leftOut).toEqual(['n2 9990'])
    expect(said('n2', 20)).toBe(10)
  })

  test('after ten seconds there are ten more', () => {
    const { said, now } = bench()
    expect(said('n2', 10)).toBe(10)
    now.ms = 10_000
    expect(said('n2', 10)).toBe(10)
  })

  test('what was left out is said at the end too, and no timer is left', () => {
    const { limit, said, leftOut, timers } = bench()
    said('n2', 15)
    limit.close()
    expect([leftOut, timers]).toEqual([['n2 5'], []])
  })

  test('it remembers no more than a thousand things', () => {
    const { said, leftOut } = bench()
    said('n2', 11)
    for (let at = 0; at < 1_000; at += 1) said(`stranger ${at}`, 1)
    expect(leftOut).toEqual(['n2 1'])
  })
})
