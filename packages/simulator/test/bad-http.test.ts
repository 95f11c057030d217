import type { HttpAnswer, HttpCall } from '@quorate/client'
import { virtualTime } from '@quorate/conformance'
import { seededRandom } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { book } from '../src/book/book.js'
import { BadHttp } from '../src/clients/bad-http.js'
import type { ServeHttp } from '../src/clients/gateway.js'
import { Counters } from '../src/counters.js'
import { Clock } from '../src/member/clock.js'
import { MemberDisk } from '../src/member/member-disk.js'
import { Member } from '../src/member/member.js'
import { Process } from '../src/member/process.js'
import { longSessionMs } from '../src/plan/plan.js'
import { drawPlan } from '../src/plan/swarm.js'
import { settled } from '@quorate/simulator/node'

const answerOf = (status: number, text: string): HttpAnswer => ({
  status,
  headers: {},
  bytes: new Uint8Array(),
  text: () => text,
})

/** One member with a gateway of its own, and the way to it on a calm day. */
function world(serve: ServeHttp, replica: object | null = {}) {
  const time = virtualTime({ settled })
  const { environment } = time
  const random = seededRandom(1)
  const clock = new Clock(() => environment.monotonicMs(), 0)
  const disk = new MemberDisk(random, environment, { syncMs: { min: 0, max: 0 }, keeps: 'nothing' }, () => {})
  const member = new Member<typeof book>('n1', clock, disk)
  const start = (): Process => {
    const process = new Process(environment, clock)
    // Nobody looks at the replica here but the gateway, which is our own.
    member.life = { process, machine: book, replica: replica as never }
    return process
  }
  const failures: string[] = []
  const day = { isCalm: true }
  const http = new BadHttp<typeof book>({
    members: [member],
    gateway: () => serve,
    environment,
    random,
    load: drawPlan(1).load,
    counters: new Counters(),
    sessionTimeoutMs: longSessionMs,
    isCalm: () => day.isCalm,
    isOver: () => false,
    clusters: () => 1,
    fail: (problem) => void failures.push(problem),
  })
  const send = () => {
    const seen: { isSent: boolean; told: string | null } = { isSent: false, told: null }
    const call: HttpCall = {
      method: 'POST',
      address: 'n1:80',
      path: '/v1/commands/append?session=1&sequence=1',
      accept: '',
      body: null,
      onSent: () => void (seen.isSent = true),
    }
    const exchange = http.send(call)
    exchange.answer.then(
      ({ status }) => void (seen.told = String(status)),
      (error: Error) => void (seen.told = error.message),
    )
    return Object.assign(seen, { cancel: () => exchange.cancel() })
  }
  return { time, member, http, start, send, failures, day }
}

const answering = (status: number, text = ''): ServeHttp => {
  return () => ({ answer: Promise.resolve(answerOf(status, text)), cancel: () => {} })
}

describe('HTTP to a simulated member', () => {
  test('brings what its gateway answers', async () => {
    const { time, start, send, http } = world(answering(200))
    start()
    const exchange = send()
    await time.pass(20)
    expect(exchange).toMatchObject({ isSent: true, told: '200' })
    expect(http.isQuiet).toBe(true)
  })

  test('makes no connection to a member that does not run, or has not started: nothing was sent', async () => {
    for (const starts of [false, true]) {
      const { time, start, send } = world(answering(200), null)
      if (starts) start()
      const exchange = send()
      await time.pass(2_000)
      expect(exchange).toMatchObject({ isSent: false, told: 'n1 takes no connection' })
    }
  })

  test('sends nothing any more once it is given up before there is a connection', async () => {
    let served = 0
    const { time, start, send } = world((request) => {
      served += 1
      return answering(200)(request)
    })
    start()
    const exchange = send()
    exchange.cancel()
    await time.pass(2_000)
    expect([exchange.isSent, served]).toEqual([false, 0])
  })

  test('waits for a member that is paused, until it goes on', async () => {
    const { time, start, send, http } = world(answering(200))
    const process = start()
    process.pause()
    const exchange = send()
    await time.pass(5_000)
    expect(exchange).toMatchObject({ isSent: true, told: null })
    expect(http.isQuiet).toBe(false)
    process.resume()
    await time.pass(20)
    expect(exchange.told).toBe('200')
  })

  test('loses what a member had that dies, and breaks or, on a bad day, falls silent or is answered by a proxy', async () => {
    const { time, member, start, send, http, day } = world(() => ({ answer: new Promise(() => {}), cancel: () => {} }))
    const dieWith = async (isCalm: boolean): Promise<string | null> => {
      day.isCalm = true
      start()
      const exchange = send()
      await time.pass(20)
      expect(exchange).toMatchObject({ isSent: true, told: null })
      day.isCalm = isCalm
      member.end('kill')
      await time.pass(5_000)
      expect(http.isQuiet).toBe(true)
      return exchange.told
    }
    const told = { calm: new Set<string | null>(), bad: new Set<string | null>() }
    for (let each = 0; each < 20; each += 1) {
      told.calm.add(await dieWith(true))
      told.bad.add(await dieWith(false))
    }
    expect(told.calm).toEqual(new Set(['the connection broke']))
    expect(told.bad).toEqual(new Set(['the connection broke', '502', null]))
  })

  test('tells a gateway that nobody waits any more', async () => {
    let cancelled = 0
    const { time, start, send } = world(() => ({ answer: new Promise(() => {}), cancel: () => void (cancelled += 1) }))
    start()
    const exchange = send()
    await time.pass(20)
    exchange.cancel()
    await time.pass(20)
    expect(cancelled).toBe(1)
  })

  test('F-44: hears of a session that ended too early, from whoever still waited', async () => {
    const { time, start, send, failures } = world(answering(410, '{"error":{"code":"SESSION_EXPIRED"}}'))
    start()
    send()
    await time.pass(20)
    expect(failures).toHaveLength(1)
    send().cancel()
    await time.pass(20)
    expect(failures).toHaveLength(1)
  })
})
