import type { VirtualTime } from '@quorate/conformance'
import { position, type OpenStorage, type Position, type SnapshotMeta } from '@quorate/contracts'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { Checkpoints, type CheckpointsHost } from '../../src/snapshots/checkpoints.js'
import { counting, imageAt, inChunks, metaOf, noise, onFiles, still } from './places.js'

const limits = { snapshotEveryEntries: 10, snapshotEveryBytes: 1_000 }

interface Life {
  readonly time: VirtualTime
  readonly storage: OpenStorage
  readonly checkpoints: Checkpoints
  readonly saved: SnapshotMeta[]
  readonly warnings: string[]
}

async function live(
  changes: Partial<CheckpointsHost> = {},
  { storage, since = 0 }: { storage?: OpenStorage; since?: number } = {},
): Promise<Life> {
  const time = still()
  const place = storage ?? (await memoryStorage().open())
  const saved: SnapshotMeta[] = []
  const warnings: string[] = []
  const host: CheckpointsHost = {
    environment: time.environment,
    storage: place,
    warn: (code, message) => warnings.push(`${code}: ${message}`),
    metaAt: (at) => metaOf(at),
    image: () => inChunks(noise(600_000)),
    hold: null,
    onHeld: () => {},
    onSaved: (meta) => saved.push(meta),
    ...changes,
  }
  return { time, storage: place, checkpoints: new Checkpoints(host, limits, position(since)), saved, warnings }
}

const at = (value: number): Position => position(value)

test('a checkpoint is written when so many entries are applied since the last one, and not before', async () => {
  const { checkpoints, time, saved, storage } = await live()
  for (let each = 1; each < 10; each += 1) checkpoints.onApplied(at(each), 1)
  await time.pass(100)
  expect(saved).toEqual([])
  checkpoints.onApplied(at(10), 1)
  await time.pass(100)
  expect(saved).toEqual([metaOf(10)])
  expect(await imageAt(storage, 10, noise(600_000))).toBe('the same')
  checkpoints.onApplied(at(19), 1)
  await time.pass(100)
  checkpoints.onApplied(at(20), 1)
  await time.pass(100)
  expect(saved).toEqual([metaOf(10), metaOf(20)])
})

test('so many bytes are a reason too', async () => {
  const { checkpoints, time, saved } = await live()
  checkpoints.onApplied(at(1), 999)
  await time.pass(100)
  expect(saved).toEqual([])
  checkpoints.onApplied(at(2), 1)
  await time.pass(100)
  checkpoints.onApplied(at(3), 999)
  await time.pass(100)
  expect(saved).toEqual([metaOf(2)])
})

test('bytes that are applied while one is written count for the next', async () => {
  const { checkpoints, time, saved } = await live()
  checkpoints.onApplied(at(1), 1_000)
  checkpoints.onApplied(at(2), 600)
  await time.until(() => saved.length === 1, 100)
  checkpoints.onApplied(at(3), 399)
  await time.pass(100)
  expect(saved).toEqual([metaOf(1)])
  checkpoints.onApplied(at(4), 1)
  await time.pass(100)
  expect(saved).toEqual([metaOf(1), metaOf(4)])
})

test('after a start, counting begins at the snapshot', async () => {
  const { checkpoints, time, saved } = await live({}, { since: 100 })
  checkpoints.onApplied(at(109), 0)
  await time.pass(100)
  expect(saved).toEqual([])
  checkpoints.onApplied(at(110), 0)
  await time.pass(100)
  expect(saved).toEqual([metaOf(110)])
})

test('one is written at a time, with turns for others, and what is applied meanwhile counts for the next', async () => {
  let images = 0
  const image = () => {
    images += 1
    return inChunks(noise(600_000))
  }
  const { checkpoints, time, saved } = await live({ image })
  checkpoints.onApplied(at(10), 0)
  const turnsBefore = time.turns()
  checkpoints.onApplied(at(25), 0)
  expect(images).toBe(1)
  await time.until(() => saved.length === 1, 100)
  expect(time.turns() - turnsBefore).toBeGreaterThanOrEqual(3)
  await time.pass(100)
  expect(images).toBe(2)
  expect(saved).toEqual([metaOf(10), metaOf(25)])
})

test('the protocol may have installed beyond: then it is skipped, and due at the next apply', async () => {
  let isBehind = true
  const { checkpoints, time, saved } = await live({ metaAt: (each) => (isBehind ? null : metaOf(each)) })
  checkpoints.onApplied(at(10), 0)
  await time.pass(100)
  expect(saved).toEqual([])
  isBehind = false
  checkpoints.onApplied(at(11), 0)
  await time.pass(100)
  expect(saved).toEqual([metaOf(11)])
})

test('D29: a machine that needs it is held from the call until its image was read, and not until it is written', async () => {
  const events: string[] = []
  const storage = await memoryStorage().open()
  const create = storage.createSnapshot.bind(storage)
  storage.createSnapshot = async (meta) => {
    events.push('written')
    return create(meta)
  }
  const hold = () => {
    events.push('held')
    return () => void events.push('released')
  }
  async function* image() {
    events.push('read')
    yield* inChunks(noise(600_000))
    events.push('read to its end')
  }
  const { checkpoints, time, saved } = await live({ hold, image }, { storage })
  checkpoints.onApplied(at(10), 0)
  expect(events[0]).toBe('held')
  await time.pass(100)
  expect(events).toEqual(['held', 'read', 'read to its end', 'released', 'written'])
  expect(saved).toEqual([metaOf(10)])
  expect(await imageAt(storage, 10, noise(600_000))).toBe('the same')
})

test('D29: the image of a held machine is not gathered in memory without end', async () => {
  const kept = { now: 0, most: 0 }
  const storage = await memoryStorage().open()
  const create = storage.createSnapshot.bind(storage)
  storage.createSnapshot = async (meta) => {
    const sink = await create(meta)
    return { ...sink, write: (chunk) => ((kept.now -= 1), sink.write(chunk)) }
  }
  const slice = new Uint8Array(256 * 1024)
  async function* image() {
    for (let each = 0; each < 200; each += 1) {
      kept.now += 1
      kept.most = Math.max(kept.most, kept.now)
      yield slice
    }
  }
  const { checkpoints, time, saved } = await live({ hold: () => () => {}, image }, { storage })
  checkpoints.onApplied(at(10), 0)
  await time.pass(100)
  expect(saved).toEqual([metaOf(10)])
  expect(kept.now).toBe(0)
  expect(kept.most).toBeLessThanOrEqual(66)
})

test('an image that cannot be read is written anew at once, also at the same position, and not again for ten seconds', async () => {
  const { checkpoints, time, saved } = await live()
  checkpoints.onApplied(at(10), 0)
  await time.pass(100)
  checkpoints.renew()
  checkpoints.renew()
  await time.pass(9_000)
  checkpoints.renew()
  await time.pass(500)
  expect(saved).toEqual([metaOf(10), metaOf(10)])
  await time.pass(1_000)
  checkpoints.renew()
  await time.pass(100)
  expect(saved).toHaveLength(3)
})

test('a machine that cannot write its image is let go', async () => {
  let held = 0
  const hold = () => ((held += 1), () => void (held -= 1))
  async function* image(): AsyncGenerator<Uint8Array> {
    yield noise(10)
    throw new Error('no image today')
  }
  const { checkpoints, time, warnings } = await live({ hold, image })
  checkpoints.onApplied(at(10), 0)
  expect(held).toBe(1)
  await time.pass(100)
  expect(held).toBe(0)
  expect(warnings).toEqual([expect.stringContaining('no image today')])
})

test('D5: a failed write is told, and tried again after waits that double, with the state of that moment', async () => {
  let failing = 3
  const storage = await onFiles({
    fail: (operation, path) => (operation === 'write' && path.includes('snapshot') && failing-- > 0 ? 'ENOSPC' : null),
  })
  const { checkpoints, time, saved, warnings } = await live({}, { storage })
  const counts = counting(storage)
  checkpoints.onApplied(at(10), 0)
  await time.pass(999)
  expect(counts.sinks).toBe(0)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(/^SNAPSHOT_FAILED: the snapshot at position 10 .*ENOSPC.*1000 ms$/s)
  checkpoints.onApplied(at(15), 0)
  await time.pass(2_000)
  expect(warnings).toHaveLength(2)
  expect(warnings[1]).toMatch(/position 15 .*2000 ms$/s)
  expect(await imageAt(storage, 10)).toBe('none')
  await time.pass(4_000)
  expect(warnings).toHaveLength(3)
  expect(saved).toEqual([])
  await time.pass(100)
  expect(saved).toEqual([metaOf(15)])
  await storage.append({ firstSequence: 1 as never, records: [noise(10)], release: null })
  await storage.close()
})

test('D5: a sync that fails is a failed snapshot, and no more than that', async () => {
  let failing = 1
  const storage = await onFiles({
    fail: (operation, path) => (operation === 'datasync' && path.includes('snapshot') && failing-- > 0 ? 'EIO' : null),
  })
  const counts = counting(storage)
  const { checkpoints, time, saved, warnings } = await live({}, { storage })
  checkpoints.onApplied(at(10), 0)
  await time.pass(500)
  expect(counts.sinks).toBe(0)
  expect(warnings).toHaveLength(1)
  expect(saved).toEqual([])
  await time.pass(600)
  expect(saved).toEqual([metaOf(10)])
  await storage.close()
})

test('9.7: an install in between gives up the one under way, and counting starts at what was installed', async () => {
  const { checkpoints, time, saved, warnings, storage } = await live()
  const counts = counting(storage)
  checkpoints.onApplied(at(10), 500)
  await time.until(() => counts.sinks > 0, 100)
  const paused = checkpoints.pause()
  checkpoints.onApplied(at(40), 0)
  await time.pass(100)
  await paused
  expect(counts).toEqual({ sinks: 0, sources: 0 })
  expect(saved).toEqual([])
  expect(await imageAt(storage, 10)).toBe('none')
  checkpoints.resume(at(50))
  checkpoints.onApplied(at(59), 999)
  await time.pass(100)
  expect(saved).toEqual([])
  checkpoints.onApplied(at(60), 0)
  await time.pass(100)
  expect(saved).toEqual([metaOf(60)])
  expect(warnings).toEqual([])
})

/** A storage that has no room for images until it is told that there is some. */
async function fullStorage(): Promise<{ storage: OpenStorage; makeRoom: () => void }> {
  const storage = await memoryStorage().open()
  const create = storage.createSnapshot.bind(storage)
  let isFull = true
  storage.createSnapshot = (meta) => (isFull ? Promise.reject(new Error('full')) : create(meta))
  return { storage, makeRoom: () => (isFull = false) }
}

test('a pause takes back a retry that waits, and behind what was installed checkpoints are taken as before', async () => {
  const { storage, makeRoom } = await fullStorage()
  const { checkpoints, time, saved, warnings } = await live({}, { storage })
  checkpoints.onApplied(at(10), 0)
  await time.pass(100)
  await checkpoints.pause()
  await time.pass(5_000)
  expect(warnings).toHaveLength(1)
  makeRoom()
  checkpoints.resume(at(50))
  checkpoints.onApplied(at(60), 0)
  await time.pass(100)
  expect(saved).toEqual([metaOf(60)])
  checkpoints.onApplied(at(70), 0)
  await time.pass(100)
  expect(saved).toEqual([metaOf(60), metaOf(70)])
})

test('an install that comes while one is written is followed by others, also if the one given up had failed', async () => {
  const { storage, makeRoom } = await fullStorage()
  let reject = (_: Error): void => {}
  const full = storage.createSnapshot.bind(storage)
  storage.createSnapshot = () => new Promise((_, failed) => (reject = failed))
  const { checkpoints, time, saved, warnings } = await live({}, { storage })
  checkpoints.onApplied(at(10), 0)
  await time.pass(100)
  const paused = checkpoints.pause()
  reject(new Error('full'))
  await time.pass(100)
  await paused
  storage.createSnapshot = full
  makeRoom()
  checkpoints.resume(at(50))
  checkpoints.onApplied(at(60), 0)
  await time.pass(100)
  expect(saved).toEqual([metaOf(60)])
  expect(warnings).toEqual([])
})

test('a renewal that fails is tried again, also where nobody writes, and not again once it is done', async () => {
  const { storage, makeRoom } = await fullStorage()
  const { checkpoints, time, saved, warnings } = await live({}, { storage, since: 10 })
  checkpoints.renew()
  await time.pass(500)
  expect(saved).toEqual([])
  makeRoom()
  await time.pass(1_000)
  expect(saved).toEqual([metaOf(10)])
  checkpoints.onApplied(at(11), 0)
  await time.pass(60_000)
  expect(saved).toEqual([metaOf(10)])
  expect(warnings).toHaveLength(1)
})

test('what an install has replaced is not renewed after it', async () => {
  const { checkpoints, time, saved } = await live(
    { metaAt: (each) => (each === 10 ? null : metaOf(each)) },
    { since: 10 },
  )
  checkpoints.renew()
  await checkpoints.pause()
  checkpoints.resume(at(50))
  checkpoints.onApplied(at(51), 0)
  await time.pass(100)
  expect(saved).toEqual([])
})
