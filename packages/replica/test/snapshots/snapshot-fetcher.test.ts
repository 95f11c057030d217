import { BytesError, equalBytes, position, seededRandom, type OpenStorage, type SnapshotMeta } from '@quorate/contracts'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { frameReserveBytes } from '../../src/frame.js'
import { encodeSnapshotAnswer, type SnapshotAnswer } from '../../src/snapshots/snapshot-frames.js'
import { bytesOf, imageAt, metaOf, n2, n3, noise, onFiles, save } from './places.js'
import { part, Wire } from './wire.js'

const whole = noise(5 * part + 100)

async function wire(image: Uint8Array | null = whole): Promise<Wire & { storage: OpenStorage }> {
  const storage = await memoryStorage().open()
  const made = Object.assign(new Wire(storage), { storage })
  if (image) await made.join(n2, { 7: image })
  return made
}

/** Passes time until the fetch has ended, and demands that it brought this image. */
async function expectFetched(on: Wire, image = whole, meta = metaOf(7)): Promise<void> {
  await on.time.until(() => on.fetched.length + on.failed.length > 0, 120_000)
  expect(on.warnings).toEqual([])
  expect(on.failed).toEqual([])
  expect(on.fetched).toHaveLength(1)
  for (const { meta: had, source } of on.fetched) {
    expect(had).toEqual(meta)
    expect(equalBytes(await bytesOf(source), image)).toBe(true)
  }
}

test.each([0, 1, part - 1, part, part + 1, 20 * part])('D7: an image of %i bytes is pulled', async (length) => {
  const image = noise(length)
  const on = await wire(image)
  on.fetcher.fetch(n2, metaOf(7))
  await expectFetched(on, image)
  expect(on.asked.length).toBe(Math.max(1, Math.ceil(length / part)))
})

test('9.11: up to eight requests are in flight, and a slow disk holds them back', async () => {
  const on = await wire(noise(40 * part))
  const create = on.storage.createSnapshot.bind(on.storage)
  let isStuck = true
  let resolveWrite = (): void => {}
  on.storage.createSnapshot = async (meta) => {
    const sink = await create(meta)
    return {
      ...sink,
      write: async (chunk) => {
        if (isStuck) await new Promise<void>((resolve) => (resolveWrite = resolve))
        await sink.write(chunk)
      },
    }
  }
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.pass(10_000)
  // The first part is with the disk; eight more are here, and no others were asked for.
  expect(on.asked.map(({ offset }) => offset / part)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  isStuck = false
  resolveWrite()
  await expectFetched(on, noise(40 * part))
})

test.each(Array.from({ length: 12 }, (_, at) => at + 1))(
  'seed %i: frames are lost and doubled, and it comes out whole',
  async (seed) => {
    const random = seededRandom(seed)
    const on = await wire(noise(30 * part + seed, seed))
    on.fate = () => (random.nextInt(4) === 0 ? 'lost' : random.nextInt(6) === 0 ? 'doubled' : 'arrives')
    on.fetcher.fetch(n2, metaOf(7))
    await expectFetched(on, noise(30 * part + seed, seed))
  },
)

test('a lost frame is asked for again as soon as a later one has come, without a time-out', async () => {
  const on = await wire()
  let answers = 0
  on.fate = (kind) => (kind === 'answer' && (answers += 1) === 3 ? 'lost' : 'arrives')
  on.fetcher.fetch(n2, metaOf(7))
  await expectFetched(on)
  expect(on.time.environment.monotonicMs()).toBeLessThan(1_000)
  expect(on.asked).toHaveLength(7)
})

test('9.11: it fails after eight unanswered requests, and asks no more', async () => {
  const on = await wire(null)
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.pass(7_999)
  expect(on.failed).toEqual([])
  await on.time.pass(1)
  expect(on.failed).toEqual([metaOf(7)])
  expect(on.asked).toHaveLength(8)
  await on.time.pass(60_000)
  expect(on.asked).toHaveLength(8)
  expect(on.failed).toHaveLength(1)
})

test('9.11: an answer makes the count of unanswered requests start anew', async () => {
  const on = await wire()
  let requests = 0
  on.fate = (kind) => (kind === 'request' && (requests += 1) % 7 !== 0 ? 'lost' : 'arrives')
  on.fetcher.fetch(n2, metaOf(7))
  await expectFetched(on)
  expect(on.asked.length).toBeGreaterThan(16)
})

test('9.11: it fails when the sender says that the image is gone, also in the middle', async () => {
  const on = await wire()
  on.change = (answer) =>
    answer.kind === 'chunk' && answer.offset === 2 * part ? { kind: 'gone', position: answer.position } : answer
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.pass(500)
  expect(on.failed).toEqual([metaOf(7)])
  expect(on.fetched).toEqual([])
  expect(on.counts).toEqual({ sinks: 0, sources: 0 })
  expect(await imageAt(on.storage, 7)).toBe('none')
})

test('D41: it fails when nobody listens there any more, and only there', async () => {
  const on = await wire()
  on.fetcher.fetch(n2, metaOf(7))
  on.fetcher.onLink(n3, 'gone')
  expect(on.failed).toEqual([])
  on.fetcher.onLink(n2, 'gone')
  expect(on.failed).toEqual([metaOf(7)])
  await on.time.pass(10_000)
  expect(on.fetched).toEqual([])
})

test('it goes on where it was when the link is there again', async () => {
  const on = await wire(noise(20 * part))
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.asked.length >= 12, 10_000)
  on.fate = () => 'lost'
  on.fetcher.onLink(n2, 'down')
  await on.time.pass(500)
  on.fate = () => 'arrives'
  const before = on.asked.length
  on.fetcher.onLink(n2, 'up')
  expect(on.asked.length).toBeGreaterThan(before)
  await expectFetched(on, noise(20 * part))
  expect(on.asked.filter(({ offset }) => offset === 0)).toHaveLength(1)
  expect(on.time.environment.monotonicMs()).toBeLessThan(1_000)
})

test('9.11: another one replaces it, and the first is never spoken of again', async () => {
  const on = await wire()
  await on.join(n3, { 9: noise(3 * part, 9) })
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.asked.length >= 3, 1_000)
  on.fetcher.fetch(n3, metaOf(9))
  await expectFetched(on, noise(3 * part, 9), metaOf(9))
  await on.time.pass(60_000)
  expect(on.failed).toEqual([])
  expect(on.counts).toEqual({ sinks: 0, sources: 1 })
  expect(await imageAt(on.storage, 7)).toBe('none')
})

test('9.11: the same one from another member goes on where it is', async () => {
  const on = await wire(noise(20 * part))
  await on.join(n3, { 7: noise(20 * part) })
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.asked.length >= 12, 1_000)
  on.fetcher.fetch(n3, metaOf(7))
  await expectFetched(on, noise(20 * part))
  const offsets = on.asked.filter(({ of }) => of === n3).map(({ offset }) => offset)
  expect(Math.min(...offsets)).toBeGreaterThan(0)
})

test('9.11: if that member has other bytes, everything is fetched anew from there', async () => {
  const on = await wire(noise(20 * part))
  await on.join(n3, { 7: noise(20 * part, 2) })
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.asked.length >= 12, 1_000)
  on.fetcher.fetch(n3, metaOf(7))
  await expectFetched(on, noise(20 * part, 2))
})

test('what the snapshot stands for is part of it: with another epoch it is another one', async () => {
  const on = await wire(noise(20 * part))
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.asked.length >= 12, 1_000)
  on.fetcher.fetch(n2, metaOf(7, 2))
  await expectFetched(on, noise(20 * part), metaOf(7, 2))
  expect(on.asked.filter(({ offset }) => offset === 0)).toHaveLength(2)
})

test.each([
  ['a changed byte', (answer: SnapshotAnswer) => flipped(answer)],
  ['a wrong digest', (answer: SnapshotAnswer) => ({ ...answer, digest: Uint8Array.of(1, 2, 3, 4) })],
  ['a part too short', (answer: SnapshotAnswer) => shortened(answer)],
  ['another digest later on', (answer: SnapshotAnswer) => changedLater(answer)],
])('D7: an image with %s is never reported as fetched', async (_what, change) => {
  const on = await wire()
  on.change = change
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.warnings.length > 0, 10_000)
  expect(on.warnings).toEqual([expect.stringMatching(/^SNAPSHOT_FAILED: the snapshot at position 7 was not fetched: /)])
  // Told after a wait, because the next offer comes at once.
  expect(on.failed).toEqual([])
  await on.time.pass(1_000)
  expect(on.failed).toEqual([metaOf(7)])
  expect(on.fetched).toEqual([])
  expect(on.counts).toEqual({ sinks: 0, sources: 0 })
})

test('a failure that is not told yet is not told any more when another one is wanted', async () => {
  const on = await wire()
  await on.join(n3, { 9: whole })
  on.change = flipped
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.warnings.length > 0, 10_000)
  on.change = (answer) => answer
  on.warnings.length = 0
  on.fetcher.fetch(n3, metaOf(9))
  await expectFetched(on, whole, metaOf(9))
  await on.time.pass(60_000)
  expect(on.failed).toEqual([])
})

test('D5: waits double while images come damaged, and begin anew after one that was whole', async () => {
  const on = await wire()
  await on.join(n3, { 8: whole, 9: whole })
  /** How long a failure was kept back. */
  const heldBackMs = async (from: typeof n2, at: number): Promise<number> => {
    const { failed, warnings } = on
    failed.length = warnings.length = 0
    on.change = flipped
    on.fetcher.fetch(from, metaOf(at))
    await on.time.until(() => warnings.length > 0, 10_000)
    const warnedMs = on.time.environment.monotonicMs()
    await on.time.until(() => failed.length > 0, 120_000)
    return on.time.environment.monotonicMs() - warnedMs
  }
  expect([await heldBackMs(n2, 7), await heldBackMs(n2, 7), await heldBackMs(n2, 7)]).toEqual([1_000, 2_000, 4_000])
  on.failed.length = on.warnings.length = 0
  on.change = (answer) => answer
  on.fetcher.fetch(n3, metaOf(8))
  await expectFetched(on, whole, metaOf(8))
  expect([await heldBackMs(n3, 9), await heldBackMs(n3, 9)]).toEqual([1_000, 2_000])
})

test('a member that has announced the same image cannot change it any more', async () => {
  const on = await wire(noise(20 * part))
  await on.join(n3, { 7: noise(20 * part) })
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.asked.length >= 12, 1_000)
  on.change = (answer) =>
    answer.kind === 'chunk' && answer.offset > 15 * part ? { ...answer, digest: Uint8Array.of(1) } : answer
  on.fetcher.fetch(n3, metaOf(7))
  await on.time.until(() => on.warnings.length > 0, 60_000)
  expect(on.warnings).toEqual([expect.stringContaining('n3 announced another image than before')])
  expect(on.asked.filter(({ of, offset }) => of === n3 && offset === 0)).toEqual([])
})

test.each(['write', 'commit'] as const)('one that is replaced during a %s is reported by nobody', async (held) => {
  const on = await wire()
  await on.join(n3, { 9: whole })
  const create = on.storage.createSnapshot.bind(on.storage)
  const stuck: (() => void)[] = []
  const holdFirst = async (meta: SnapshotMeta, call: string): Promise<void> => {
    if (meta.position === 7 && call === held) await new Promise<void>((resolve) => stuck.push(resolve))
  }
  on.storage.createSnapshot = async (meta) => {
    const sink = await create(meta)
    return {
      write: (chunk) => holdFirst(meta, 'write').then(() => sink.write(chunk)),
      commit: () => holdFirst(meta, 'commit').then(() => sink.commit()),
      abort: () => sink.abort(),
    }
  }
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.pass(500)
  expect(stuck).toHaveLength(1)
  on.fetcher.fetch(n3, metaOf(9))
  await expectFetched(on, whole, metaOf(9))
  for (const resolve of stuck) resolve()
  await on.time.pass(100)
  expect(on.fetched).toHaveLength(1)
  expect(on.counts).toEqual({ sinks: 0, sources: 1 })
})

test('D5: what cannot be written here is deleted and told, and can be fetched again', async () => {
  let failing = 1
  const storage = await onFiles({
    fail: (operation, path) =>
      operation === 'datasync' && path.includes('snapshot') && failing-- > 0 ? 'ENOSPC' : null,
  })
  const there = await onFiles()
  await save(there, 7, whole)
  const on = new Wire(storage)
  on.serve(n2, there)
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.failed.length > 0, 10_000)
  expect(on.warnings).toEqual([expect.stringMatching(/^SNAPSHOT_FAILED: .*could not keep it: .*ENOSPC/)])
  expect(await imageAt(storage, 7)).toBe('none')
  on.warnings.length = 0
  on.failed.length = 0
  on.fetcher.fetch(n2, metaOf(7))
  await expectFetched(on)
  expect(await imageAt(storage, 7, whole)).toBe('the same')
  await on.fetched[0]?.source.close()
  await storage.close()
})

test('answers from others, about others, and bytes that are none change nothing', async () => {
  const on = await wire()
  on.fetcher.onFrame(n2, encodeSnapshotAnswer({ kind: 'gone', position: position(7) }).subarray(frameReserveBytes))
  on.fetcher.fetch(n2, metaOf(7))
  on.fetcher.onFrame(n3, encodeSnapshotAnswer({ kind: 'gone', position: position(7) }).subarray(frameReserveBytes))
  on.fetcher.onFrame(n2, encodeSnapshotAnswer({ kind: 'gone', position: position(6) }).subarray(frameReserveBytes))
  expect(() => on.fetcher.onFrame(n3, Uint8Array.of(9))).toThrow(BytesError)
  expect(on.warnings).toEqual([])
  await expectFetched(on)
})

test('a fetcher that was closed reports nothing', async () => {
  const on = await wire()
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.asked.length >= 3, 1_000)
  on.fetcher.close()
  await on.time.pass(60_000)
  expect([on.fetched, on.failed, on.warnings]).toEqual([[], [], []])
  expect(await imageAt(on.storage, 7)).toBe('none')
})

function flipped(answer: SnapshotAnswer): SnapshotAnswer {
  if (answer.kind === 'chunk' && answer.offset === part) answer.bytes[5] = (answer.bytes[5] ?? 0) ^ 1
  return answer
}

function shortened(answer: SnapshotAnswer): SnapshotAnswer {
  return answer.kind === 'chunk' ? { ...answer, bytes: answer.bytes.subarray(1) } : answer
}

function changedLater(answer: SnapshotAnswer): SnapshotAnswer {
  return answer.kind === 'chunk' && answer.offset > 0 ? { ...answer, digest: Uint8Array.of(1) } : answer
}
