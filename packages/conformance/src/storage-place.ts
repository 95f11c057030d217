import {
  equalBytes,
  nodeId,
  position,
  sequence,
  type OpenStorage,
  type Position,
  type Release,
  type ReplayReport,
  type SnapshotMeta,
  type Storage,
} from '@quorate/contracts'
import { expectClaim } from './contract.js'

/** What a case is run with. */
export interface StorageCase {
  /** A fresh place, not yet open. */
  readonly place: StoragePlace
  /** One more. */
  readonly another: () => Promise<StoragePlace>
}

/** A promise of the port, and a run that breaks if it is not kept. */
export interface StorageClaim {
  readonly claim: string
  /** Capability without which nobody promises it. */
  readonly needs?: 'locks'
  readonly run: (given: StorageCase) => Promise<void>
}

/** A place under test, and everything that was ever appended there. */
export class StoragePlace {
  readonly storage: Storage
  readonly #records: Uint8Array[] = []
  #open: OpenStorage | undefined
  #replayed: { sequence: number; bytes: Uint8Array }[] = []
  #report: ReplayReport | undefined

  constructor(storage: Storage) {
    this.storage = storage
  }

  get open(): OpenStorage {
    expectClaim(this.#open !== undefined, 'the storage is not open')
    return this.#open
  }

  /** Sequence of the next record. */
  get next(): number {
    return this.#records.length + 1
  }

  get report(): ReplayReport {
    expectClaim(this.#report !== undefined, 'nothing was replayed')
    return this.#report
  }

  /** What the last replay handed out. */
  get replayed(): readonly { readonly sequence: number; readonly bytes: Uint8Array }[] {
    return this.#replayed
  }

  async start(): Promise<void> {
    const open = await this.storage.open()
    this.#open = open
    const replayed: { sequence: number; bytes: Uint8Array }[] = []
    this.#report = await open.replay((at, bytes) => void replayed.push({ sequence: at, bytes }))
    this.#replayed = replayed
  }

  async stop(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.close()
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Appends behind all that was appended before. */
  append(records: readonly Uint8Array[], release: Release | null = null): Promise<void> {
    const firstSequence = sequence(this.next)
    this.#records.push(...records.map((record) => record.slice()))
    return this.open.append({ firstSequence, records, release })
  }

  /** The last replay was that of all records from this one on: none is missing, repeated, altered or out of order. */
  expectReplayFrom(first: number): void {
    const wanted = this.#records.slice(first - 1)
    const [start] = this.#replayed
    expectClaim(
      wanted.length === 0 || start?.sequence === first,
      `the replay began at record ${start?.sequence ?? 'none'}, and not at ${first}`,
    )
    this.#replayed.forEach(({ sequence, bytes }, at) => {
      expectClaim(sequence === first + at, `record ${sequence} came where record ${first + at} was due`)
      const record = wanted[at]
      expectClaim(record !== undefined, `record ${sequence} was never appended`)
      expectClaim(equalBytes(bytes, record), `record ${sequence} came back with other bytes`)
    })
    expectClaim(
      this.#replayed.length === wanted.length,
      `${this.#replayed.length} records came back, and ${wanted.length} were appended`,
    )
  }

  /** Writes and commits an image, in chunks of these lengths and the rest in one. */
  async saveImage(at: number, bytes: Uint8Array, chunkLengths: readonly number[] = []): Promise<void> {
    const sink = await this.open.createSnapshot(metaOf(at))
    let offset = 0
    for (const length of chunkLengths) {
      await sink.write(bytes.slice(offset, offset + length))
      offset += length
    }
    if (offset < bytes.length) await sink.write(bytes.slice(offset))
    await sink.commit()
  }

  /** The whole image at a position, or null. */
  async imageAt(at: number): Promise<Uint8Array | null> {
    const source = await this.open.openSnapshot(position(at))
    if (source === null) return null
    const bytes = await source.read(0, source.byteLength)
    await source.close()
    return bytes
  }

  async expectImage(at: number, wanted: Uint8Array, when: string): Promise<void> {
    const bytes = await this.imageAt(at)
    expectClaim(bytes !== null, `the image at ${at} is not there ${when}`)
    expectClaim(equalBytes(bytes, wanted), `the image at ${at} has other bytes ${when}`)
  }

  async expectNoImage(at: number, when: string): Promise<void> {
    expectClaim((await this.open.openSnapshot(position(at))) === null, `the image at ${at} is there ${when}`)
  }
}

/** A release of what came before a record, for the snapshot at a position. */
export function releaseAt(first: number, snapshot: number): Release {
  return { sequence: sequence(first), snapshot: position(snapshot) }
}

/** Bytes that follow from a number, `length` of them. */
export function patterned(mark: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 1) bytes[at] = (mark * 31 + at * 7 + (at >>> 8)) & 0xff
  return bytes
}

/** What a snapshot at this position says of itself: every field is used. */
export function metaOf(at: number): SnapshotMeta {
  return {
    position: position(at),
    epoch: at * 3 + 1,
    members: [
      { id: nodeId('n1'), address: '10.0.0.1:7001', clientAddress: '10.0.0.1:8001', incarnation: 'i1', role: 'voter' },
      { id: nodeId('n2'), address: 'n2.example:7001', clientAddress: null, incarnation: null, role: 'learner' },
    ],
    protocol: patterned(at, 300),
  }
}

/** The snapshot in use is that of this position, in every field. */
export function expectMeta(meta: SnapshotMeta | null, at: Position | number): void {
  const wanted = metaOf(at)
  expectClaim(meta !== null, `there is no snapshot, and the last release names the one at ${at}`)
  expectClaim(
    meta.position === wanted.position,
    `the snapshot is the one at ${meta.position}, and the release names ${at}`,
  )
  expectClaim(meta.epoch === wanted.epoch, `the epoch of a snapshot was ${wanted.epoch} and is ${meta.epoch}`)
  expectClaim(
    JSON.stringify(meta.members.map(fieldsOf)) === JSON.stringify(wanted.members.map(fieldsOf)),
    'the members of a snapshot were altered',
  )
  expectClaim(equalBytes(meta.protocol, wanted.protocol), "the protocol's bytes of a snapshot were altered")
}

function fieldsOf({ id, address, clientAddress, incarnation, role }: SnapshotMeta['members'][number]): unknown[] {
  return [id, address, clientAddress, incarnation, role]
}

/** True if it was refused. */
export async function isRefused(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return false
  } catch {
    return true
  }
}
