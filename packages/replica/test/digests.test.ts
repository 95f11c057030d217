import { solo } from '@quorate/conformance'
import { position, type MachineModule } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { expect, test } from 'vitest'
import type { Digest } from '../src/digest.js'
import { Digests } from '../src/digests.js'
import { createReplica } from '../src/index.js'

/** Digests that a test ends by hand, in its own time. */
class Acted {
  nowMs = 0
  sleptMs = 0
  made = 0
  end: (error?: Error) => void = () => {}
  readonly digests = new Digests({
    environment: { monotonicMs: () => this.nowMs },
    sleptWithin: () => this.sleptMs,
    digest: () =>
      new Promise<Digest>((resolve, reject) => {
        this.made += 1
        const digest = { position: position(this.made), sha256: 'ab'.repeat(32) }
        this.end = (error) => (error ? reject(error) : resolve(digest))
      }),
  })
}

test('sixty digests that are asked for at once are the work of one', async () => {
  const acted = new Acted()
  const asked = Array.from({ length: 60 }, () => acted.digests.take())
  acted.nowMs = 600
  asked.push(acted.digests.take())
  acted.end()
  expect(new Set((await Promise.all(asked)).map((digest) => digest.position))).toEqual(new Set([1]))
  expect(acted.made).toBe(1)
})

test('digests one after the other take a tenth of the time at most: who asks sooner gets the one before', async () => {
  const acted = new Acted()
  const takeFor = async (ms: number): Promise<number> => {
    const taken = acted.digests.take()
    acted.nowMs += ms
    acted.end()
    return (await taken).position
  }
  expect(await takeFor(600)).toBe(1)
  acted.nowMs = 600 + 5_399
  expect((await acted.digests.take()).position).toBe(1)
  acted.nowMs = 600 + 5_400
  expect(await takeFor(0)).toBe(2)
  expect(await takeFor(3_600_000), 'one that cost nothing may be followed at once').toBe(3)
  acted.nowMs += 59_999
  expect((await acted.digests.take()).position, 'no pause is longer than a minute').toBe(3)
  acted.nowMs += 1
  expect(await takeFor(1)).toBe(4)
})

test('the time for which a machine slept is no work', async () => {
  const acted = new Acted()
  const first = acted.digests.take()
  acted.sleptMs = acted.nowMs = 30_000
  acted.end()
  await first
  const second = acted.digests.take()
  acted.end()
  expect((await second).position).toBe(2)
})

test('a digest that failed is told to all who share it, and made again after its pause', async () => {
  const acted = new Acted()
  const asked = [acted.digests.take(), acted.digests.take()]
  acted.nowMs = 10
  acted.end(new Error('unreadable'))
  for (const each of asked) await expect(each).rejects.toThrow('unreadable')
  await expect(acted.digests.take()).rejects.toThrow('unreadable')
  acted.nowMs = 100
  const next = acted.digests.take()
  acted.end()
  expect((await next).position).toBe(2)
})

test('a member that is asked for its digest by sixty at once reads its state once', async () => {
  let reads = 0
  const machine: MachineModule = {
    ...counter,
    create: () => {
      const life = counter.create()
      const read = life.snapshot.bind(life)
      life.snapshot = () => {
        reads += 1
        return read()
      }
      return life
    },
  }
  const replica = await createReplica({
    ...{ id: 'n1', members: { n1: 'n1:1' }, machine, protocol: solo(), environment: nodeEnvironment() },
    ...{ transport: memoryTransport({ hub: memoryHub() }), storage: memoryStorage() },
  })
  const statuses = await Promise.all(Array.from({ length: 60 }, () => replica.status({ digest: true })))
  await replica.close()
  expect(new Set(statuses.map(({ digest }) => digest?.sha256)).size).toBe(1)
  expect(reads).toBe(1)
})
