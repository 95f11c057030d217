import { describe, expect, test } from 'vitest'
import { encodeMessage } from '../src/wire/message-codec.js'
import { Cores, type Packet } from './cores.js'

const requests = new Set(['requestPreVote', 'requestVote', 'appendEntries', 'heartbeat'])

function requestsOf(packets: readonly Packet[]): Packet[] {
  return packets.filter(({ message }) => requests.has(message.kind))
}

/** Budgets count requests: a reply belongs to its request. */
describe('G: three members and their messages', () => {
  test('an election takes at most 30 requests', () => {
    const cores = new Cores('n1 n2 n3')
    cores.tickUntil(() => cores.leaders.length === 1)
    expect(requestsOf(cores.sent).length).toBeLessThanOrEqual(30)
  })

  test('ten entries proposed together take at most 42 requests, until all have applied them', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    cores.propose('n1', ...'abcdefghij')
    expect(cores.all.map(({ applied }) => applied.length)).toEqual([11, 11, 11])
    expect(requestsOf(cores.sent.slice(from)).length).toBeLessThanOrEqual(42)
  })

  test('and one behind the other too, without waiting for a heartbeat', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    for (const command of 'abcdefghij') cores.propose('n1', command)
    expect(cores.all.map(({ applied }) => applied.length)).toEqual([11, 11, 11])
    expect(requestsOf(cores.sent.slice(from)).length).toBeLessThanOrEqual(42)
  })

  test('an idle second takes at most 60 requests', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.tick(50)
    const from = cores.sent.length
    cores.tick(100)
    const sent = requestsOf(cores.sent.slice(from))
    expect(sent.length).toBeLessThanOrEqual(60)
    expect(sent.every(({ message }) => message.kind === 'heartbeat')).toBe(true)
    expect(cores.leaders).toEqual(['n1'])
  })

  test('RPCBytes: each command is sent to each peer once', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    const commands = Array.from({ length: 10 }, (_, at) => String(at).repeat(5_000))
    for (const command of commands) cores.propose('n1', command)
    const bytes = cores.sent.slice(from).reduce((sum, { message }) => sum + encodeMessage(message, 0).length, 0)
    expect(bytes).toBeLessThan(2 * 50_000 + 10_000)
    expect(cores.core('n3').applied).toEqual(['-', ...commands])
  })
})
