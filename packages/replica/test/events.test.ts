import { silentLogger } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { Events } from '../src/events.js'

function eventsAt() {
  const now = { monotonicMs: 0, wallMs: 1_000 }
  const said: string[] = []
  const say = (_: object, message: string): void => void said.push(message)
  const logger = { ...silentLogger, warn: say, info: say }
  const environment = { monotonicMs: () => now.monotonicMs, wallMs: () => now.wallMs, setTimer: () => () => {} }
  return { now, said, events: new Events(logger, environment) }
}

describe('warnings', () => {
  test('carry the time at which they were said', () => {
    const { events, now } = eventsAt()
    const heard: number[] = []
    events.on('warning', ({ wallMs }) => heard.push(wallMs))
    now.wallMs = 5_000
    events.warn('EVEN_CLUSTER', 'two members')
    expect(heard).toEqual([5_000])
    expect(events.warnings).toEqual([{ code: 'EVEN_CLUSTER', message: 'two members', wallMs: 5_000 }])
  })

  test('about a moment are told for ten minutes, and what holds is told for as long as it does', () => {
    const { events, now } = eventsAt()
    events.warn('LOOP_STALLED', 'once')
    events.warn('MEMBERS_DIFFER', 'still')
    now.monotonicMs = 599_999
    expect(events.warnings.map(({ code }) => code)).toEqual(['LOOP_STALLED', 'MEMBERS_DIFFER'])
    now.monotonicMs = 600_000
    expect(events.warnings.map(({ code }) => code)).toEqual(['MEMBERS_DIFFER'])
  })

  test('end when what they are about is over, and not when something else is', () => {
    const { events } = eventsAt()
    events.warn('PEER_REFUSED', 'n2 is a copy', 'n2')
    events.warn('PEER_REFUSED', 'n3 is a copy', 'n3')
    events.over('PEER_REFUSED', 'n2')
    expect(events.warnings.map(({ message }) => message)).toEqual(['n3 is a copy'])
  })

  test('of a flood about one peer ten lines are written, and one says how many were left out', () => {
    const { events, said } = eventsAt()
    for (let frame = 0; frame < 10_000; frame += 1) events.warn('BAD_FRAME', 'n2 sent bytes that are no message', 'n2')
    events.warn('BAD_FRAME', 'n3 sent bytes that are no message', 'n3')
    events.close()
    expect(said).toHaveLength(12)
    expect(said.at(-1)).toBe('9990 more warnings like this were left out: BAD_FRAME n2')
    expect(events.warnings).toHaveLength(2)
  })

  test('are not the only lines that others can bring about: ten of those about one thing are written as well', () => {
    const { events, said } = eventsAt()
    for (let flip = 0; flip < 10_000; flip += 1) events.log({}, `link to n2 up: ${flip}`, 'link to n2')
    events.log({}, 'link to n3 up', 'link to n3')
    for (let line = 0; line < 20; line += 1) events.log({}, 'what this member does by itself')
    events.close()
    expect(said.filter((line) => line.startsWith('link to n2 up'))).toHaveLength(10)
    expect(said).toHaveLength(10 + 1 + 20 + 1)
    expect(said.at(-1)).toBe('9990 more lines like this were left out: link to n2')
  })

  test('are on one line and of bounded length, in status too', () => {
    const { events, said } = eventsAt()
    events.warn('PEER_REFUSED', `n2\nlink to n3 up${'x'.repeat(60_000)}`)
    const [{ message = '' } = {}] = events.warnings
    expect(message).toMatch(/^n2\\u\{a\}link to n3 up/)
    expect(message.length).toBeLessThan(1_100)
    expect(said).toEqual([message])
  })
})
