import { forgetfulFiles, virtualTime, type ForgetfulOptions, type VirtualTime } from '@quorate/conformance'
import {
  concatBytes,
  equalBytes,
  nodeId,
  position,
  type OpenStorage,
  type SnapshotMeta,
  type SnapshotSource,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { fileStorage } from '@quorate/storage-file'

export const [n1, n2, n3] = [nodeId('n1'), nodeId('n2'), nodeId('n3')]

/** Time that passes when a test says so. */
export function still(): VirtualTime {
  return virtualTime({ settled: () => nodeEnvironment().yieldTurn() })
}

export function metaOf(at: number, epoch = 1): SnapshotMeta {
  const member = { id: n1, address: 'n1:1', clientAddress: null, incarnation: null, role: 'voter' } as const
  return { position: position(at), epoch, members: [member], protocol: Uint8Array.of(at & 255) }
}

/** Bytes that differ from those of another seed, and from themselves at another offset. */
export function noise(length: number, seed = 1): Uint8Array {
  let word = seed
  return Uint8Array.from({ length }, () => (word = (Math.imul(word, 0x19_660d) + 0x3c6e_f35f) | 0) >>> 24)
}

/** A file storage whose files a test may break. */
export function onFiles(options: ForgetfulOptions = {}): Promise<OpenStorage> {
  const files = forgetfulFiles(1, options)
  return openOn(files)
}

async function openOn(files: ReturnType<typeof forgetfulFiles>): Promise<OpenStorage> {
  const storage = await fileStorage({
    directory: '/place',
    files,
    environment: still().environment,
    segmentBytes: 4_096,
    reserveSegments: 1,
    freeBytesMin: 0,
  }).open()
  await storage.replay(() => {})
  return storage
}

export async function save(storage: OpenStorage, at: number, image: Uint8Array): Promise<void> {
  const sink = await storage.createSnapshot(metaOf(at))
  await sink.write(image)
  await sink.commit()
}

export async function bytesOf(source: SnapshotSource): Promise<Uint8Array> {
  return source.read(0, source.byteLength)
}

/** What a place holds at a position: this image, another one, or none. */
export async function imageAt(storage: OpenStorage, at: number, wanted?: Uint8Array): Promise<string> {
  const source = await storage.openSnapshot(position(at))
  if (!source) return 'none'
  const bytes = await bytesOf(source)
  await source.close()
  return wanted && equalBytes(bytes, wanted) ? 'the same' : 'another'
}

/** A whole image. */
export async function whole(image: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of image) chunks.push(chunk)
  return concatBytes(chunks)
}

/** An image in chunks of these sizes, the last one as large as it takes. */
export async function* inChunks(bytes: Uint8Array, sizes: readonly number[] = []): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

/** What is open on a storage: sinks neither committed nor aborted, sources not closed. */
export interface OpenCounts {
  sinks: number
  sources: number
}

/** Counts what is open from now on. */
export function counting(storage: OpenStorage): OpenCounts {
  const counts: OpenCounts = { sinks: 0, sources: 0 }
  const createSnapshot = storage.createSnapshot.bind(storage)
  const openSnapshot = storage.openSnapshot.bind(storage)
  storage.createSnapshot = async (meta) => {
    const sink = await createSnapshot(meta)
    counts.sinks += 1
    let isOpen = true
    const ending = (end: () => Promise<void>) => async () => {
      await end()
      if (isOpen) counts.sinks -= 1
      isOpen = false
    }
    return {
      write: (chunk) => sink.write(chunk),
      commit: ending(() => sink.commit()),
      abort: ending(() => sink.abort()),
    }
  }
  storage.openSnapshot = async (at) => {
    const source = await openSnapshot(at)
    if (!source) return null
    counts.sources += 1
    const close = async () => {
      counts.sources -= 1
      await source.close()
    }
    const { byteLength, digest } = source
    return { byteLength, digest, read: (offset, length) => source.read(offset, length), close }
  }
  return counts
}
