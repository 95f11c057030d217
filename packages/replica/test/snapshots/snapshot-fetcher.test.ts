import type { VirtualTime } from '@quorate/conformance'
import {
  equalBytes,
  position,
  seededRandom,
  type NodeId,
  type OpenStorage,
  type SnapshotMeta,
  type SnapshotSource,
} from '@quorate/contracts'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { frameKind } from '../../src/frame.js'
import {
  decodeSnapshotAnswer,
  decodeSnapshotRequest,
  encodeSnapshotAnswer,
  type SnapshotAnswer,
} from '../../src/snapshots/snapshot-frames.js'
import { SnapshotFetcher } from '../../src/snapshots/snapshot-fetcher.js'
import { SnapshotSender } from '../../src/snapshots/snapshot-sender.js'
import { bytesOf, imageAt, metaOf, n1, n2, n3, noise, onFiles, save, still } from './places.js'

/** Small parts, so that an image of many is quickly made. */
const part = 1_024
const whole = noise(5 * part + 100)

type Fate = 'arrives' | 'lost' | 'doubled'

/** A fetcher (n1) and senders, on a wire that a test may break. */
class Wire {
  readonly time: VirtualTime = still()
  readonly asked: { readonly of: NodeId; readonly offset: number; readonly atMs: number }[] = []
  readonly fetched: { readonly meta: SnapshotMeta; readonly source: SnapshotSource }[] = []
  readonly failed: SnapshotMeta[] = []
  readonly warnings: string[] = []
  readonly fetcher: SnapshotFetcher
  readonly #senders = new Map<NodeId, SnapshotSender>()
  fate: (kind: 'request' | 'answer', peer: NodeId) => Fate = () => 'arrives'
  change: (answer: SnapshotAnswer) => SnapshotAnswer = (answer) => answer

  constructor(storage: OpenStorage) {
    const send = (to: NodeId, frame: Uint8Array, channel: string) => {
      expect([frame[0], channel]).toEqual([frameKind.snapshotRequest, 'control'])
      const { offset } = decodeSnapshotRequest(frame.subarray(1))
      this.asked.push({ of: to, offset, atMs: this.time.environment.monotonicMs() })
      return this.#carry('request', to, () => this.#senders.get(to)?.onFrame(n1, frame.subarray(1)))
    }
    const host = {
      environment: this.time.environment,
      storage,
      send,
      warn: (code: string, message: string) => void this.warnings.push(`${code}: ${message}`),
      onFetched: (meta: SnapshotMeta, source: SnapshotSource) => void this.fetched.push({ meta, source }),
      onFailed: (meta: SnapshotMeta) => void this.failed.push(meta),
    }
    this.fetcher = new SnapshotFetcher(host, { chunkBytes: part })
  }

  /** A member that sends what it has; `delayMs` is the way there or back. */
  async join(peer: NodeId, images: Readonly<Record<number, Uint8Array>>): Promise<void> {
    const storage = await memoryStorage().open()
    for (const [at, image] of Object.entries(images)) await save(storage, Number(at), image)
    this.serve(peer, storage)
  }

  serve(peer: NodeId, storage: OpenStorage): void {
    const host = {
      environment: this.time.environment,
      storage,
      warn: () => {},
      send: (_to: NodeId, frame: Uint8Array) => {
        const answer = this.change(decodeSnapshotAnswer(frame.subarray(1)))
        const body = encodeSnapshotAnswer(answer).subarray(1)
        return this.#carry('answer', peer, () => this.fetcher.onFrame(peer, body))
      },
    }
    this.#senders.set(peer, new SnapshotSender(host, { snapshotBytesPerSecond: 64 * 1024 * 1024 }))
  }

  #carry(kind: 'request' | 'answer', peer: NodeId, arrive: () => void): 'queued' {
    const fate = this.fate(kind, peer)
    for (let copies = fate === 'lost' ? 0 : fate === 'doubled' ? 2 : 1; copies > 0; copies -= 1) {
      this.time.environment.setTimer(5, arrive)
    }
    return 'queued'
  }
}

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
  on.fetcher.onFrame(n2, encodeSnapshotAnswer({ kind: 'gone', position: position(7) }).subarray(1))
  on.fetcher.fetch(n2, metaOf(7))
  on.fetcher.onFrame(n3, encodeSnapshotAnswer({ kind: 'gone', position: position(7) }).subarray(1))
  on.fetcher.onFrame(n2, encodeSnapshotAnswer({ kind: 'gone', position: position(6) }).subarray(1))
  on.fetcher.onFrame(n3, Uint8Array.of(9))
  expect(on.warnings.splice(0)).toEqual([expect.stringMatching(/^BAD_FRAME: n3 sent /)])
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
