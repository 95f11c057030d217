import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '@quorate/contracts'
import {
  describeCounterexample,
  findCounterexample,
  judgeHistory,
  recordHistory,
  registerModel,
  type RegisterInput,
  type RegisterOutput,
} from '@quorate/linearizability'
import { afterAll, afterEach, expect, test } from 'vitest'
import { Network } from './network.js'

const seed = 17
const directory = mkdtempSync(join(tmpdir(), 'quorate-maelstrom-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let network: Network
afterEach(() => network.killAll())

type Value = number | null

test('a cluster of three under losses, cuts and SIGKILL is linearizable for clients that ask any member', async () => {
  const random = seededRandom(seed)
  network = new Network(['n1', 'n2', 'n3'], random, ['--directory', directory, '--timeout', '2000'])
  for (const answer of await Promise.all(network.ids.map((id) => network.start(id)))) {
    expect(answer.type).toBe('init_ok')
  }
  const recorder = recordHistory<RegisterInput<Value>, RegisterOutput<Value>>()
  const counts = { done: 0, definite: 0, unknown: 0 }
  let values = 0

  const once = async (client: string): Promise<void> => {
    const kind = (['read', 'write', 'cas'] as const)[random.nextInt(3)] ?? 'read'
    const [from, to] = [random.nextInt(values + 1), (values += 1)]
    const input: RegisterInput<Value> =
      kind === 'read' ? { kind } : kind === 'write' ? { kind, value: to } : { kind, from, to }
    const body = { ...input, kind: undefined, type: kind, key: 'x' }
    const id = recorder.invoke(client, input)
    const reply = await network.ask(network.ids[random.nextInt(3)] ?? 'n1', body)
    if (reply.type === `${kind}_ok`) {
      counts.done += 1
      recorder.complete(id, kind === 'read' ? (reply.value as Value) : kind === 'cas' ? true : undefined)
    } else if (reply.code === 20 || reply.code === 22) {
      counts.done += 1
      recorder.complete(id, kind === 'read' ? null : false)
    } else if (reply.code === 0 || reply.code === 13) {
      counts.unknown += 1
      recorder.unknown(id)
    } else {
      counts.definite += 1
      recorder.fail(id)
    }
  }
  const work = async (client: string): Promise<void> => {
    for (let each = 0; each < 60; each += 1) await once(client)
  }
  let isOver = false
  const trouble = async (): Promise<void> => {
    while (!isOver) {
      network.isolated = network.ids[random.nextInt(3)] ?? null
      await pause(700)
      network.isolated = null
      await pause(700)
      const victim = network.ids[random.nextInt(3)] ?? 'n1'
      await network.kill(victim)
      await network.start(victim)
      await pause(700)
    }
  }
  const troubles = trouble()
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(work))
  isOver = true
  await troubles

  const history = recorder.history()
  const { verdict } = judgeHistory(history, registerModel<Value>(null))
  const counterexample = verdict === 'notLinearizable' ? findCounterexample(history, registerModel<Value>(null)) : null
  expect(verdict, counterexample === null ? verdict : describeCounterexample(counterexample)).toBe('linearizable')
  expect(counts.done).toBeGreaterThan(150)
})

test('what cannot be answered is refused with the protocol’s codes, and lines that are no message are passed over', async () => {
  network = new Network(['n1'], seededRandom(seed), [])
  network.isolated = null
  expect(await network.start('n1')).toMatchObject({ type: 'init_ok' })
  network.say('n1', 'hello?')
  network.say('n1', '{"src":"c1"}')
  expect(await network.ask('n1', { type: 'read', key: 'x' })).toMatchObject({ type: 'error', code: 20 })
  expect(await network.ask('n1', { type: 'cas', key: 'x', from: 1, to: 2 })).toMatchObject({ type: 'error', code: 20 })
  const made = { type: 'cas', key: 'x', from: 1, to: { b: 1, a: [2] }, create_if_not_exists: true }
  expect(await network.ask('n1', made)).toMatchObject({ type: 'cas_ok' })
  expect(await network.ask('n1', { type: 'cas', key: 'x', from: 1, to: 2 })).toMatchObject({ type: 'error', code: 22 })
  const same = { type: 'cas', key: 'x', from: { a: [2], b: 1 }, to: 3 }
  expect(await network.ask('n1', same)).toMatchObject({ type: 'cas_ok' })
  expect(await network.ask('n1', { type: 'read', key: 'x' })).toMatchObject({ type: 'read_ok', value: 3 })
  expect(await network.ask('n1', { type: 'write', key: 'x' })).toMatchObject({ type: 'error', code: 12 })
  expect(await network.ask('n1', { type: 'txn', txn: [] })).toMatchObject({ type: 'error', code: 10 })
})
