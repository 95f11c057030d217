import { forgetfulFiles, virtualTime, type ForgetfulFiles, type ForgetfulOptions } from '@quorate/conformance'
import {
  position,
  QuorateError,
  sequence,
  type FileLayer,
  type OpenStorage,
  type ReplayReport,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { fileStorage } from '@quorate/storage-file'

export const directory = '/place'

/** Limits that make a journal of many segments out of few bytes. */
export const smallLimits = { segmentBytes: 1_024, reserveSegments: 1, freeBytesMin: 0 }
export type Limits = Partial<typeof smallLimits> & { readonly mayMove?: boolean }

/** Time that stands still until it is told to pass. Other seeds throw other dice. */
export function stillTime(seed = 1): ReturnType<typeof virtualTime> {
  return virtualTime({ settled: () => nodeEnvironment().yieldTurn(), seed })
}

/** A storage that was opened and replayed, and what it said. */
export interface Life {
  readonly storage: OpenStorage
  readonly records: readonly string[]
  readonly first: number
  readonly report: ReplayReport
  /** Appends texts as one batch behind everything that was appended before. */
  append(...texts: string[]): Promise<void>
  /** Commits an image, and appends a batch that releases everything below record `from`. */
  release(from: number, at: number, ...texts: string[]): Promise<void>
}

export async function live(
  files: FileLayer,
  limits: Limits = {},
  environment = stillTime().environment,
): Promise<Life> {
  const storage = await fileStorage({ directory, files, environment, ...smallLimits, ...limits }).open()
  try {
    return await lifeOf(storage)
  } catch (error) {
    await storage.close().catch(() => undefined)
    throw error
  }
}

export async function lifeOf(storage: OpenStorage): Promise<Life> {
  const records: string[] = []
  let first = 0
  const report = await storage.replay((at, bytes) => {
    first ||= at
    records.push(textOf(bytes))
  })
  let next = (first || 1) + records.length
  const append = (texts: string[], released: { from: number; at: number } | null) => {
    const firstSequence = sequence(next)
    next += texts.length
    const release = released && { sequence: sequence(released.from), snapshot: position(released.at) }
    return storage.append({ firstSequence, records: texts.map(bytesOf), release })
  }
  return {
    storage,
    records,
    first,
    report,
    append: (...texts) => append(texts, null),
    release: async (from, at, ...texts) => {
      await saveImage(storage, at, `image ${at}`)
      await append(texts, { from, at })
    },
  }
}

export async function saveImage(storage: OpenStorage, at: number, text: string): Promise<void> {
  const sink = await storage.createSnapshot(metaAt(at))
  await sink.write(bytesOf(text))
  await sink.commit()
}

export function metaAt(at: number): Parameters<OpenStorage['createSnapshot']>[0] {
  return { position: position(at), epoch: 1, members: [], protocol: Uint8Array.of(at) }
}

/** The content of the image at a position; null if there is none. */
export async function imageAt(storage: OpenStorage, at: number): Promise<string | null> {
  const source = await storage.openSnapshot(position(at))
  if (!source) return null
  try {
    return textOf(await source.read(0, source.byteLength))
  } finally {
    await source.close()
  }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** Texts of a length of their own: `record 7 ......`. */
export function record(number: number, length = 0): string {
  return `record ${number} `.padEnd(length, '.')
}

/** What is on a disk, to be put on others. */
export type Image = ReadonlyMap<string, Uint8Array>

/** What a power cut now would leave of the files that were synced. */
export function imageOf(files: ForgetfulFiles): Image {
  return files.files('durable')
}

/** A disk with these files on it. */
export async function diskOf(image: Image, options: ForgetfulOptions = {}): Promise<ForgetfulFiles> {
  const files = forgetfulFiles(1, options)
  await files.makeDirectory(directory)
  for (const [path, bytes] of image) files.tamper(path, () => bytes.slice())
  return files
}

/** The image with one file replaced, or removed. */
export function withFile(image: Image, path: string, bytes: Uint8Array | null): Image {
  const changed = new Map(image)
  if (bytes) changed.set(path, bytes)
  else changed.delete(path)
  return changed
}

export function pathsOf(image: Image, family: string): string[] {
  return [...image.keys()].filter((path) => path.startsWith(`${directory}/${family}`))
}

/** The newest file of the journal: the one that is appended to. */
export function newestSegment(image: Image): { path: string; bytes: Uint8Array } {
  const path = pathsOf(image, 'journal').at(-1) ?? ''
  return { path, bytes: image.get(path) ?? new Uint8Array() }
}

/** Up to the last byte that is not zero. */
export function usedLength(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => byte !== 0) + 1
}

/** The refusal that something ends in. Fails if it does not end in one. */
export async function refusalOf(doing: Promise<unknown>): Promise<QuorateError> {
  const outcome = await doing.then(
    () => 'an answer',
    (error: unknown) => error,
  )
  if (outcome instanceof QuorateError) return outcome
  throw outcome instanceof Error ? outcome : new Error('it was not refused')
}

/** What a fresh look at a disk finds: its records, or the code of the refusal. */
export async function look(files: FileLayer, limits: Limits = {}): Promise<Omit<Life, 'storage'> | QuorateError> {
  try {
    const life = await live(files, limits)
    await life.storage.close()
    return life
  } catch (error) {
    if (error instanceof QuorateError) return error
    throw error
  }
}
