import type { VirtualTime } from '@quorate/conformance'
import {
  BytesError,
  equalBytes,
  position,
  type NodeId,
  type OpenStorage,
  type SnapshotSource,
} from '@quorate/contracts'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import {
  decodeSnapshotAnswer,
  encodeSnapshotRequest,
  type SnapshotAnswer,
} from '../../src/snapshots/snapshot-frames.js'
import { frameReserveBytes } from '../../src/frame.js'
import { SnapshotSender, type SenderLimits } from '../../src/snapshots/snapshot-sender.js'
import { n1, n2, n3, noise, save, still } from './places.js'

const kib = 1024
const fast = { snapshotBytesPerSecond: 64 * kib * kib }

class Bench {
  readonly time: VirtualTime = still()
  readonly sent: { readonly to: NodeId; readonly answer: SnapshotAnswer; readonly atMs: number }[] = []
  unreadable = 0
  readonly warnings: string[] = []
  /** Images that are open, by position. */
  readonly open: number[] = []
  readonly sender: SnapshotSender

  constructor(storage: OpenStorage, limits: SenderLimits = fast) {
    const openSnapshot = storage.openSnapshot.bind(storage)
    const counted = async (at: ReturnType<typeof position>): Promise<SnapshotSource | null> => {
      const source = await openSnapshot(at)
      if (source) this.open.push(at)
      const close = () => {
        this.open.splice(this.open.indexOf(at), 1)
        return Promise.resolve()
      }
      return source && { ...source, close }
    }
    const host = {
      environment: this.time.environment,
      storage: { openSnapshot: counted },
      warn: (code: string, message: string) => void this.warnings.push(`${code}: ${message}`),
      onUnreadable: () => void (this.unreadable += 1),
      send: (to: NodeId, frame: Uint8Array, channel: string): 'queued' => {
        expect(channel).toBe('bulk')
        const answer = decodeSnapshotAnswer(frame.subarray(frameReserveBytes))
        this.sent.push({ to, answer, atMs: this.time.environment.monotonicMs() })
        return 'queued'
      },
    }
    this.sender = new SnapshotSender(host, limits)
  }

  ask(from: NodeId, at: number, offset: number, bytes = 256 * kib): void {
    this.sender.onFrame(
      from,
      encodeSnapshotRequest({ position: position(at), offset, bytes }).subarray(frameReserveBytes),
    )
  }
}

async function bench(images: Readonly<Record<number, Uint8Array>>, limits?: SenderLimits): Promise<Bench> {
  const storage = await memoryStorage().open()
  for (const [at, image] of Object.entries(images)) await save(storage, Number(at), image)
  return new Bench(storage, limits)
}

test('D7: each request is answered with its part, the length and the digest of the whole', async () => {
  const image = noise(300 * kib)
  const { sender, sent, time, ask } = bound(await bench({ 7: image }))
  ask(n2, 7, 0)
  ask(n3, 7, 256 * kib)
  ask(n2, 7, 10, 5)
  await time.pass(100)
  expect(sent.map(({ to }) => to)).toEqual([n2, n3, n2])
  const [digest] = sent.map(({ answer }) => answer.kind === 'chunk' && answer.digest)
  for (const [each, [start, end]] of [
    [0, 256 * kib],
    [256 * kib, 300 * kib],
    [10, 15],
  ].entries()) {
    const answer = sent[each]?.answer
    expect(answer).toMatchObject({ kind: 'chunk', position: 7, offset: start, total: image.length, digest })
    expect(answer?.kind === 'chunk' && equalBytes(answer.bytes, image.subarray(start, end))).toBe(true)
  }
  await sender.close()
})

test('D7: an image that is not there is gone, and so is what lies behind its end', async () => {
  const { sent, time, ask, warnings } = bound(await bench({ 7: noise(10) }))
  ask(n2, 8, 0)
  ask(n2, 7, 11)
  await time.pass(100)
  expect(sent.map(({ answer }) => answer)).toEqual([
    { kind: 'gone', position: 8 },
    { kind: 'gone', position: 7 },
  ])
  expect(warnings).toEqual([])
})

test('an image that cannot be read is gone, and told', async () => {
  const storage = await memoryStorage().open()
  await save(storage, 7, noise(10))
  const openSnapshot = storage.openSnapshot.bind(storage)
  let failing = 1
  storage.openSnapshot = async (at) => {
    const source = await openSnapshot(at)
    return (
      source && { ...source, read: (...of) => (failing-- > 0 ? Promise.reject(new Error('EIO')) : source.read(...of)) }
    )
  }
  const life = new Bench(storage)
  const { sent, time, ask, warnings, open } = bound(life)
  ask(n2, 7, 0)
  await time.pass(100)
  expect(sent[0]?.answer.kind).toBe('gone')
  expect(warnings).toEqual([expect.stringMatching(/^SNAPSHOT_FAILED: .*position 7 .*EIO/)])
  expect(life.unreadable).toBe(1)
  expect(open).toEqual([])
  ask(n2, 7, 0)
  await time.pass(100)
  expect(sent[1]?.answer.kind).toBe('chunk')
})

test('D37: parts leave at the rate that was given', async () => {
  const { sent, time, ask } = bound(await bench({ 7: noise(300 * kib) }, { snapshotBytesPerSecond: 256 * kib }))
  for (let each = 0; each < 4; each += 1) ask(each % 2 ? n2 : n3, 7, each, 128 * kib)
  await time.pass(3_000)
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 500, 1_000, 1_500])
  // Time without requests does not add up to a burst.
  await time.pass(10_000)
  for (let each = 0; each < 3; each += 1) ask(n2, 7, each, 128 * kib)
  await time.pass(3_000)
  const [first = 0, , third = 0] = sent.slice(4).map(({ atMs }) => atMs)
  expect(third - first).toBeGreaterThanOrEqual(900)
})

test('D37: one peer has a bounded number of requests waiting, and each part once', async () => {
  const { sent, time, ask } = bound(await bench({ 7: noise(100) }))
  for (let each = 0; each < 100; each += 1) {
    ask(n2, 7, each, 1)
    ask(n2, 7, each, 1)
  }
  ask(n3, 7, 0, 1)
  await time.pass(100)
  // The first was on its way when it was asked for again.
  const offsets = sent.filter(({ to }) => to === n2).map(({ answer }) => answer.kind === 'chunk' && answer.offset)
  expect(offsets).toEqual([0, ...Array.from({ length: 16 }, (_, each) => each)])
  expect(sent.filter(({ to }) => to === n3)).toHaveLength(1)
})

test('D37: a bounded number of images is open, and each is closed after a time without requests', async () => {
  const images = { 1: noise(10), 2: noise(10), 3: noise(10) }
  const { time, ask, open } = bound(await bench(images, { ...fast, sourcesMax: 2, sourceIdleMs: 1_000 }))
  ask(n2, 1, 0)
  ask(n2, 2, 0)
  ask(n2, 1, 1)
  ask(n2, 3, 0)
  await time.pass(900)
  expect(open).toEqual([1, 3])
  ask(n2, 1, 0)
  await time.pass(200)
  expect(open).toEqual([1])
  await time.pass(900)
  expect(open).toEqual([])
})

test('9.4: an image that is being pulled is read to its end, also when it was released meanwhile', async () => {
  const storage = await memoryStorage().open()
  await save(storage, 1, noise(10))
  await save(storage, 2, noise(10))
  const { sent, time, ask } = bound(new Bench(storage))
  ask(n2, 1, 0, 5)
  await time.pass(10)
  const release = { sequence: 1 as never, snapshot: position(2) }
  await storage.append({ firstSequence: 1 as never, records: [noise(1)], release })
  ask(n2, 1, 5, 5)
  await time.pass(10)
  expect(sent.map(({ answer }) => answer.kind)).toEqual(['chunk', 'chunk'])
  await time.pass(30_000)
  ask(n2, 1, 0, 5)
  await time.pass(10)
  expect(sent.at(-1)?.answer.kind).toBe('gone')
})

test('bytes that are no request throw BytesError, and nothing is sent', async () => {
  const { sender, sent, time, warnings } = bound(await bench({}))
  expect(() => sender.onFrame(n1, Uint8Array.of(1, 2, 3))).toThrow(BytesError)
  await time.pass(10)
  expect(warnings).toEqual([])
  expect(sent).toEqual([])
})

test('a sender that was closed answers nothing and has nothing open, whatever it waited for', async () => {
  const { sender, sent, time, ask, open } = bound(await bench({ 7: noise(300 * kib) }, { snapshotBytesPerSecond: kib }))
  for (let each = 0; each < 3; each += 1) ask(n2, 7, each, 128 * kib)
  await time.pass(10)
  const closed = sender.close()
  ask(n2, 7, 0)
  await time.pass(10)
  await closed
  expect(sent).toHaveLength(1)
  expect(open).toEqual([])
})

/** So that a test may take a bench apart. */
function bound(from: Bench) {
  return { ...from, ask: from.ask.bind(from) }
}
