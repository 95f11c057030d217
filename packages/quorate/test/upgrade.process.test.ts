import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ReplicaStatus } from '@quorate/replica'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleSources } from '../../../tools/source-bundle.mjs'
import { freeAddress } from './faulty-network/cluster.js'
import { MemberProcess, type Answer } from './upgrade/processes.js'
import type { Shop } from './upgrade/shop.js'

const ids = ['n1', 'n2', 'n3', 'n4', 'n5'] as const
type Id = (typeof ids)[number]

const running = new Map<Id, MemberProcess>()
const members: Record<string, string> = {}
let root = ''

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-upgrade-'))
  await bundleSources(join(import.meta.dirname, 'upgrade/member.ts'), join(root, 'member.mjs'))
  for (const id of ids) members[id] = await freeAddress()
})
afterAll(async () => {
  await Promise.all([...running.values()].map((member) => member.kill()))
  await rm(root, { recursive: true })
})

async function start(id: Id, version: 1 | 2): Promise<MemberProcess> {
  const options = { id, members, directory: join(root, id), version }
  const member = await new MemberProcess(join(root, 'member.mjs'), options).ready()
  running.set(id, member)
  return member
}

/** Ends a member, and starts it on this release. */
async function deploy(id: Id, version: 1 | 2, how: 'close' | 'kill'): Promise<MemberProcess> {
  await running.get(id)?.[how]()
  return start(id, version)
}

async function statusOf(id: Id): Promise<ReplicaStatus> {
  const answer = await running.get(id)?.ask('status')
  if (answer?.kind !== 'value') throw new Error(`${id} says nothing of its status: ${JSON.stringify(answer)}`)
  return answer.value as ReplicaStatus
}

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const endMs = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`${what} did not come about`)
    await pause(20)
  }
}

/** Customers of every member in turn, who keep what they were told of each order. */
class Customers {
  readonly sold: number[] = []
  readonly refused: number[] = []
  readonly codes = new Set<string>()
  #orders = 0
  #isOver = false
  readonly #buying: Promise<void>[]

  constructor(count: number) {
    this.#buying = Array.from({ length: count }, (_, at) => this.#buy(at))
  }

  async finish(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#buying)
  }

  /** Resolves when so many orders more were sold. */
  async buyMore(count: number): Promise<void> {
    const wanted = this.sold.length + count
    await until(`the sale of ${count} orders`, () => this.sold.length >= wanted)
  }

  async #buy(first: number): Promise<void> {
    for (let turn = first; !this.#isOver; turn += 1) {
      const id = ids[turn % ids.length] ?? 'n1'
      const order = (this.#orders += 1)
      const answer: Answer | undefined = await running.get(id)?.ask('sell', order)
      if (answer?.kind === 'value') this.sold.push(order)
      else if (answer?.outcome === 'notDone') this.refused.push(order)
      if (answer?.kind === 'failed') this.codes.add(answer.code)
      await pause(answer?.kind === 'value' ? 3 : 20)
    }
  }
}

test('D26: five members get the next release one by one under load, half-way back and on again, and nobody is stopped', async () => {
  await Promise.all(ids.map((id) => start(id, 1)))
  const customers = new Customers(3)
  await customers.buyMore(60)

  // Three of five, with power and without warning; the leader may be any of them.
  for (const id of ['n1', 'n2', 'n3'] as const) {
    await deploy(id, 2, id === 'n2' ? 'kill' : 'close')
    await customers.buyMore(40)
  }
  expect(await running.get('n1')?.ask('give', 1)).toEqual({
    kind: 'failed',
    code: 'VERSION_NOT_ACTIVE',
    outcome: 'notDone',
  })
  const halfWay = await statusOf('n3')
  expect(halfWay.machine).toEqual({ name: 'shop', version: 2, activeVersion: 1 })
  await until('n3 hears every member', async () => {
    const known = (await statusOf('n3')).peers.map(({ id, supports }) => `${id} ${supports?.machine}`)
    return known.join() === 'n1 2,n2 2,n4 1,n5 1'
  })

  // Back is possible while the old version is active; the snapshots of either release are read by the other one.
  await deploy('n2', 1, 'kill')
  await customers.buyMore(60)
  for (const id of ['n4', 'n2', 'n5'] as const) await deploy(id, 2, id === 'n4' ? 'kill' : 'close')
  await until('version 2 is active everywhere', async () => {
    const versions = await Promise.all(ids.map(async (id) => (await statusOf(id)).machine.activeVersion))
    return versions.every((version) => version === 2)
  })
  for (const [at, id] of ids.entries())
    expect(await running.get(id)?.ask('give', 100 + at)).toMatchObject({ kind: 'value' })
  await customers.buyMore(60)

  // Back is refused by name from now on, and harms nobody else.
  const tooOld = await deploy('n4', 1, 'close')
  await tooOld.ended
  expect(tooOld.said).toMatch(
    /version 2 of the machine is active, and this member knows it up to 1: upgrade this member/,
  )
  await customers.buyMore(20)
  await start('n4', 2)
  await customers.buyMore(20)
  await customers.finish()

  let digests: string[] = []
  await until('all members have one state', async () => {
    const statuses = await Promise.all(ids.map((id) => statusOf(id)))
    digests = statuses.map(({ digest }) => `${digest?.position} ${digest?.sha256}`)
    return new Set(digests).size === 1
  })
  const told = await running.get('n4')?.ask('all')
  const { sold, gifts, soldBefore } = (told?.kind === 'value' ? told.value : null) as Required<Shop>
  expect(new Set(sold).size).toBe(sold.length)
  expect(customers.sold.filter((order) => !sold.includes(order))).toEqual([])
  expect(customers.refused.filter((order) => sold.includes(order))).toEqual([])
  expect(gifts.toSorted()).toEqual([100, 101, 102, 103, 104])
  expect(soldBefore).toBeGreaterThan(200)
  expect([...customers.codes].filter((code) => /VERSION|INVALID|FORMAT/.test(code))).toEqual([])
})
