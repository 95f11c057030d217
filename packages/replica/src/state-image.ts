import {
  ByteReader,
  BytesError,
  ByteWriter,
  clusterTime,
  concatBytes,
  QuorateError,
  type StateMachine,
} from '@quorate/contracts'
import type { AppliedStamps } from './cluster-clock.js'
import { readSessions, writeSessions } from './sessions/session-codec.js'
import type { SessionTable } from './sessions/session-table.js'
import { readVersions, versionBeyond, writeVersions, type Versions } from './versions/version-list.js'

/** The newest format of images that this code reads, and the one it writes. */
export const imageFormat = 1
/** A head above this is no head: the table of sessions is bounded. */
const headBytesMax = 1024 * 1024 * 1024

/**
 * What an image begins with: length and head (machine, active versions, times, sessions); the machine's own bytes stand
 * behind it. Nothing of it depends on the code of the member that writes it.
 */
export function writeImageHead(
  machine: StateMachine,
  active: Versions,
  stamps: AppliedStamps,
  sessions: SessionTable,
): Uint8Array {
  const head = new ByteWriter(1_024).u8(imageFormat).ascii(machine.name).ascii(machine.codec)
  writeVersions(head, active)
  head.u53(stamps.clusterTime).u53(stamps.wallMs)
  writeSessions(head, sessions)
  return new ByteWriter(head.length + 4).bytes(head.finish()).finish()
}

/** What stands in the head of an image beside the name of the machine. */
export interface ImageHead {
  readonly active: Versions
  readonly stamps: AppliedStamps
  readonly sessions: SessionTable
}

/** The head of an image, and the rest of it for the machine. Throws `STORAGE_CORRUPT`, or `FORMAT_TOO_NEW`. */
export async function readImageHead(
  machine: StateMachine,
  supported: Versions,
  image: AsyncIterable<Uint8Array>,
): Promise<ImageHead & { readonly rest: AsyncIterable<Uint8Array> }> {
  const chunks = image[Symbol.asyncIterator]()
  let read = await readAtLeast(chunks, new Uint8Array(), 4)
  const length = new ByteReader(read).u32()
  if (length > headBytesMax) throw damaged(`its head would have ${length} bytes`)
  read = await readAtLeast(chunks, read, 4 + length)
  const head = decodeHead(machine, supported, read.subarray(4, 4 + length))
  return { ...head, rest: restOf(read.subarray(4 + length), chunks) }
}

function decodeHead(machine: StateMachine, supported: Versions, bytes: Uint8Array): ImageHead {
  try {
    const reader = new ByteReader(bytes)
    const found = reader.u8()
    if (found > imageFormat) throw tooNew(`has format ${found}, and this version reads ${imageFormat}`)
    const [name, codec] = [reader.ascii(), reader.ascii()]
    if (name !== machine.name || codec !== machine.codec) {
      throw damaged(`it is of the machine "${name}" in ${codec}, and this is "${machine.name}" in ${machine.codec}`)
    }
    const active = readVersions(reader)
    const beyond = versionBeyond(supported, active)
    if (beyond !== null) throw tooNew(`was written while ${beyond}`)
    const stamps = { clusterTime: clusterTime(reader.u53()), wallMs: reader.u53() }
    const sessions = readSessions(reader)
    reader.end()
    return { active, stamps, sessions }
  } catch (error) {
    if (error instanceof BytesError) throw damaged(error.message)
    throw error
  }
}

async function readAtLeast(chunks: AsyncIterator<Uint8Array>, before: Uint8Array, length: number): Promise<Uint8Array> {
  const parts = [before]
  let have = before.length
  while (have < length) {
    const next = await chunks.next()
    if (next.done) throw damaged(`it ends after ${have} bytes`)
    parts.push(next.value)
    have += next.value.length
  }
  return concatBytes(parts)
}

async function* restOf(first: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
}

function damaged(what: string): QuorateError {
  return new QuorateError('STORAGE_CORRUPT', `the image of a snapshot cannot be used: ${what}`)
}

function tooNew(what: string): QuorateError {
  return new QuorateError('FORMAT_TOO_NEW', `the image of a snapshot ${what}: upgrade this member`)
}
