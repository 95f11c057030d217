import { position } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { defineMachine } from '@quorate/machine'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { FailingTime } from '../src/failing-time.js'
import { ActedReplica, ask, gatewayOf, mountedOverTls } from './members.js'

const refused = expect.objectContaining({ code: 'OVERLOADED', outcome: 'notDone' }) as Error
const clientAt = (network: string, isEstablished = false) => ({ network, isEstablished })

/** A clock that stands still but for what bodies take. */
function spending(): { readonly failing: FailingTime; readonly fail: Fail; readonly pass: (ms: number) => void } {
  let nowMs = 0
  const failing = new FailingTime({ monotonicMs: () => nowMs }, 0.5)
  const fail: Fail = (client, ms) => {
    failing.check(client)
    const spend = (): never => {
      nowMs += ms
      throw new RangeError('it does not fit')
    }
    expect(() => failing.run(client, spend)).toThrow('it does not fit')
  }
  return { failing, fail, pass: (ms) => void (nowMs += ms) }
}

type Fail = (client: { readonly network: string; readonly isEstablished: boolean }, ms: number) => void

test('an address whose bodies have failed for too long is refused, no other one, and not for ever', () => {
  const { failing, fail, pass } = spending()
  for (let count = 0; count < 5; count += 1) fail(clientAt('a'), 110)
  expect(() => failing.check(clientAt('a'))).toThrow(refused)
  expect(() => failing.check(clientAt('a', true)), 'established ones have their own share').toThrow(refused)
  failing.check(clientAt('b'))
  pass(1_000)
  failing.check(clientAt('a'))
})

test('bodies that fail take a tenth of the time at most, of however many addresses they come', () => {
  const { failing, fail, pass } = spending()
  const addresses = ['a', 'b', 'c', 'd', 'e'].map((network) => clientAt(network))
  let spentMs = 0
  for (let round = 0; round < 6_000; round += 1) {
    for (const address of addresses) {
      try {
        failing.check(address)
      } catch {
        continue
      }
      fail(address, 100)
      spentMs += 100
    }
    pass(10)
  }
  expect(spentMs).toBeLessThan(1_000 + (60_000 + spentMs) / 10 + addresses.length * 100)
  expect(() => failing.check(addresses[0]!)).toThrow(refused)
  failing.check(clientAt('one that has failed nothing'))
  fail(clientAt('established', true), 100)
  failing.check(clientAt('established', true))
  expect(() => failing.check(clientAt('established')), 'nor is it then').toThrow(refused)
})

test('what is read without a failure is not counted', () => {
  const { failing, pass } = spending()
  expect(failing.run(clientAt('a'), () => (pass(10_000), 7))).toBe(7)
  failing.check(clientAt('a'))
})

describe.runIf(process.platform === 'linux').each([
  ['a gateway', gatewayOf],
  ['httpHandler in an https server', mountedOverTls],
] as const)('%s', (_, serve) => {
  test('refuses bodies of an address that sent what took long to refuse, before their schema is asked', async () => {
    let nowMs = 0
    let asked = 0
    const slow = z.strictObject({ by: z.int() }).or(
      z.unknown().refine(() => {
        asked += 1
        nowMs += 200
        return false
      }),
    )
    const machine = defineMachine({
      name: 'slow',
      version: 1,
      initial: () => ({}),
      commands: { add: { input: slow, apply: () => null } },
      queries: {},
    })
    asked = 0
    const replica = new ActedReplica(async () => ({ position: position(1), result: Uint8Array.of(1) }))
    const environment = { ...nodeEnvironment(), monotonicMs: () => nowMs }
    const server = await serve({ replica, machine, environment })
    const post = (body: string, from: string) => ask(server, '/v1/commands/add', { body, from })
    const answers = await Promise.all(Array.from({ length: 30 }, () => post('[1]', '127.0.0.2')))
    expect(asked).toBe(3)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(3)
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(27)
    expect(await post('{"by":1}', '127.0.0.2')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(await post('{"by":1}', '127.0.0.3')).toMatchObject({ status: 200 })
    nowMs += 10_000
    expect(await post('{"by":1}', '127.0.0.2')).toMatchObject({ status: 200 })
  })
})
