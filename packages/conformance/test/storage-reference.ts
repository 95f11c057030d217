import {
  concatBytes,
  position,
  QuorateError,
  sequence,
  type Batch,
  type OpenStorage,
  type Position,
  type ReplayReport,
  type Release,
  type Sequence,
  type SnapshotMeta,
  type SnapshotSink,
  type SnapshotSource,
  type Storage,
} from '@quorate/contracts'

/** What a storage may do wrong; the contract has to notice each. */
export type Sin =
  | 'begins with an identity'
  | 'begins with a record'
  | 'forgets its identity'
  | 'saves an identity once'
  | 'leaves half an identity at close'
  | 'loses empty records'
  | 'reverses a batch'
  | 'alters large records'
  | 'repeats a record after reopening'
  | 'loses the last record'
  | 'counts sequences from 1 at each replay'
  | 'reports no bytes'
  | 'reports a cut'
  | 'ends short appends first'
  | 'takes a gap'
  | 'takes a repetition'
  | 'is broken by a wrong sequence'
  | 'counts a batch as a record'
  | 'ignores the release of an empty batch'
  | 'keeps the arrays it is given'
  | 'hands out the arrays it keeps'
  | 'leaves half a batch at close'
  | 'replays whole batches'
  | 'replays from behind the batch'
  | 'keeps its first release'
  | 'forgets its release'
  | 'takes the newest image for its snapshot'
  | 'loses bytes of the protocol'
  | 'loses the roles of members'
  | 'loses its image at the second opening'
  | 'keeps images below a release'
  | 'deletes images above a release'
  | 'keeps leftovers'
  | 'deletes under a reader'
  | 'loses empty chunks and what follows'
  | 'loses what follows 2 MiB'
  | 'reads from the beginning'
  | 'pads a read'
  | 'counts another length'
  | 'digests the length'
  | 'digests the position'
  | 'digests the place'
  | 'shows an image before it is committed'
  | 'commits at close'
  | 'commits at abort'
  | 'deletes by position at abort'
  | 'has one sink for a position'
  | 'has a pressure of its own'
  | 'survives something else'
  | 'fails when it is closed again'
  | 'lets a second user in'
  | 'refuses a second user in other words'
  | 'forgets the first user when a second comes'
  | 'answers after close'

interface Image {
  readonly meta: SnapshotMeta
  bytes: Uint8Array
}

interface Place {
  readonly ordinal: number
  identity: Uint8Array | null
  readonly records: Uint8Array[]
  /** Sequence of the first record of each batch. */
  readonly batches: number[]
  release: Release | null
  readonly images: Map<Position, Image>
  readonly uncommitted: Map<Position, Uint8Array[]>
  user: Reference | null
  openings: number
}

let places = 0

/** The smallest honest storage that the contract accepts, and what it becomes with a sin. */
export function referenceStorage(sin: Sin | null): Storage {
  const place: Place = {
    ordinal: (places += 1),
    identity: sin === 'begins with an identity' ? new Uint8Array(1) : null,
    records: sin === 'begins with a record' ? [new Uint8Array(1)] : [],
    batches: [],
    release: null,
    images: new Map(),
    uncommitted: new Map(),
    user: null,
    openings: 0,
  }
  const storage: Storage = {
    survives: 'nothing',
    open: async () => {
      if (place.user && sin === 'refuses a second user in other words') throw new Error('busy')
      if (place.user && sin === 'forgets the first user when a second comes') place.user.isOpen = false
      if (place.user && sin !== 'lets a second user in') throw new QuorateError('STORAGE_LOCKED', 'in use: close it')
      place.user = new Reference(place, sin)
      return place.user
    },
  }
  if (sin === 'survives something else') Object.defineProperty(storage, 'survives', { value: 'rumours' })
  return storage
}

class Reference implements OpenStorage {
  readonly pressure = 'none'
  readonly snapshot: SnapshotMeta | null
  isOpen = true
  readonly #place: Place
  readonly #sin: Sin | null
  #saving: Uint8Array | null = null
  #isPoisoned = false

  constructor(place: Place, sin: Sin | null) {
    this.#place = place
    this.#sin = sin
    place.openings += 1
    const named = place.release?.snapshot ?? position(0)
    const newest = position(Math.max(0, ...place.images.keys()))
    const wanted = sin === 'takes the newest image for its snapshot' ? newest : named
    this.snapshot = place.images.get(wanted)?.meta ?? null
    if (sin !== 'keeps leftovers') for (const at of [...place.images.keys()]) if (at !== wanted) place.images.delete(at)
    if (sin === 'loses its image at the second opening' && place.openings === 3) place.images.clear()
    const last = place.records.at(-1)
    if (sin === 'repeats a record after reopening' && place.openings > 3 && last) place.records.push(last)
    if (sin === 'has a pressure of its own') Object.defineProperty(this, 'pressure', { value: 'high' })
  }

  get identity(): Uint8Array | null {
    if (this.#sin === 'forgets its identity' && this.#place.openings > 1) return null
    return this.#place.identity
  }

  async saveIdentity(bytes: Uint8Array): Promise<void> {
    const copy = this.#own(bytes)
    this.#saving = copy
    await this.#turn()
    await this.#turn()
    this.#saving = null
    if (this.#sin === 'saves an identity once' && this.#place.identity) return
    this.#place.identity = copy
  }

  async replay(onRecord: (sequence: Sequence, bytes: Uint8Array) => void): Promise<ReplayReport> {
    await this.#turn()
    const { records } = this.#place
    const first = this.#firstToReplay()
    const end = records.length - (this.#sin === 'loses the last record' ? 1 : 0)
    let bytes = 0
    let count = 0
    for (let at = first; at <= end; at += 1) {
      const record = records[at - 1]
      if (!record || (record.length === 0 && this.#sin === 'loses empty records')) continue
      bytes += record.length
      count += 1
      const number = this.#sin === 'counts sequences from 1 at each replay' ? at - first + 1 : at
      onRecord(sequence(number), this.#sin === 'hands out the arrays it keeps' ? record : record.slice())
    }
    const cut = this.#sin === 'reports a cut' ? { batches: 1, records: 0, bytes: 0 } : null
    return { records: count, bytes: this.#sin === 'reports no bytes' ? 0 : bytes, cut }
  }

  async append({ firstSequence, records, release }: Batch): Promise<void> {
    const place = this.#place
    const sin = this.#sin
    const copies = records.map((record) => this.#own(record))
    await this.#turn()
    const next = place.records.length + 1
    const isGap = firstSequence > next && sin === 'takes a gap'
    const isRepetition = firstSequence < next && sin === 'takes a repetition'
    if (firstSequence !== next && !isGap && !isRepetition) {
      this.#isPoisoned = sin === 'is broken by a wrong sequence'
      throw new TypeError(`${next} is next, not ${firstSequence}`)
    }
    if (sin === 'reverses a batch') copies.reverse()
    place.batches.push(next)
    for (const copy of copies) {
      if (sin === 'alters large records' && copy.length > 1_000_000) copy[copy.length - 1] = 0xff
      place.records.push(copy)
      if (sin === 'leaves half a batch at close') await this.#turn()
    }
    if (sin === 'counts a batch as a record' && copies.length === 0) place.records.push(new Uint8Array())
    if (release) this.#forget(release, copies.length)
    if (sin === 'ends short appends first') for (let wait = 0; wait < copies.length * 5; wait += 1) await this.#turn()
  }

  async createSnapshot(given: SnapshotMeta): Promise<SnapshotSink> {
    await this.#turn()
    const { images, uncommitted } = this.#place
    const sin = this.#sin
    const shared = uncommitted.get(given.position)
    const chunks: Uint8Array[] = sin === 'has one sink for a position' && shared ? shared : []
    uncommitted.set(given.position, chunks)
    const meta = this.#storedMeta(given)
    const commit = async (): Promise<void> => {
      await this.#turn()
      images.set(meta.position, { meta, bytes: concatBytes(chunks) })
      uncommitted.delete(meta.position)
    }
    return {
      write: async (chunk) => {
        const hasEmpty = chunks.some((earlier) => earlier.length === 0)
        if (sin === 'loses empty chunks and what follows' && hasEmpty) return
        const limit = sin === 'loses what follows 2 MiB' ? 2 * 1024 * 1024 : chunk.length
        chunks.push(this.#own(chunk.subarray(0, limit)))
        await this.#turn()
        if (sin === 'shows an image before it is committed') {
          images.set(meta.position, { meta, bytes: concatBytes(chunks) })
        }
      },
      commit,
      abort: async () => {
        if (sin === 'commits at abort') await commit()
        if (sin === 'deletes by position at abort') images.delete(meta.position)
        uncommitted.delete(meta.position)
      },
    }
  }

  async openSnapshot(at: Position): Promise<SnapshotSource | null> {
    await this.#turn()
    const image = this.#place.images.get(at)
    return image ? this.#sourceOf(image) : null
  }

  async close(): Promise<void> {
    if (!this.isOpen && this.#sin === 'fails when it is closed again') throw new Error('closed')
    if (this.#saving && this.#sin === 'leaves half an identity at close') {
      this.#place.identity = this.#saving.subarray(0, this.#saving.length / 2)
    }
    if (this.#sin === 'commits at close') {
      const [first] = this.#place.uncommitted
      const meta = first && { position: first[0], epoch: 1, members: [], protocol: new Uint8Array() }
      if (meta) this.#place.images.set(meta.position, { meta, bytes: concatBytes(first[1]) })
      if (meta) this.#place.release = { sequence: sequence(1), snapshot: meta.position }
    }
    this.isOpen = false
    if (this.#place.user === this) this.#place.user = null
  }

  #own(bytes: Uint8Array): Uint8Array {
    return this.#sin === 'keeps the arrays it is given' ? bytes : bytes.slice()
  }

  #firstToReplay(): number {
    const { release, batches } = this.#place
    const named = release?.sequence ?? 1
    if (this.#sin === 'replays whole batches') return batches.findLast((first) => first <= named) ?? 1
    if (this.#sin === 'replays from behind the batch') return batches.find((first) => first >= named) ?? named
    if (this.#sin === 'forgets its release') return 1
    return named
  }

  #forget(release: Release, records: number): void {
    const place = this.#place
    if (this.#sin === 'keeps its first release' && place.release) return
    if (this.#sin === 'ignores the release of an empty batch' && records === 0) return
    place.release = release
    for (const at of [...place.images.keys()]) {
      const isBelow = at < release.snapshot && this.#sin !== 'keeps images below a release'
      const isAbove = at > release.snapshot && this.#sin === 'deletes images above a release'
      if (!isBelow && !isAbove) continue
      const image = place.images.get(at)
      if (image && this.#sin === 'deletes under a reader') image.bytes = new Uint8Array()
      place.images.delete(at)
    }
  }

  #storedMeta(meta: SnapshotMeta): SnapshotMeta {
    if (this.#sin === 'loses bytes of the protocol') return { ...meta, protocol: meta.protocol.slice(0, 255) }
    if (this.#sin !== 'loses the roles of members') return meta
    return { ...meta, members: meta.members.map((member) => ({ ...member, role: 'voter' })) }
  }

  #sourceOf(image: Image): SnapshotSource {
    const sin = this.#sin
    return {
      byteLength: image.bytes.length + (sin === 'counts another length' ? 1 : 0),
      digest: this.#digestOf(image),
      read: async (offset, length) => {
        const from = sin === 'reads from the beginning' ? 0 : offset
        const bytes = image.bytes.slice(from, from + length)
        return sin === 'pads a read' ? concatBytes([bytes, new Uint8Array(length - bytes.length)]) : bytes
      },
      close: async () => {},
    }
  }

  #digestOf({ meta, bytes }: Image): Uint8Array {
    if (this.#sin === 'digests the length') return Uint8Array.of(bytes.length & 0xff, bytes.length >>> 8)
    let hash = 0x811c_9dc5
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193)
    if (this.#sin === 'digests the position') hash += meta.position
    if (this.#sin === 'digests the place') hash += this.#place.ordinal
    return Uint8Array.of(hash >>> 24, hash >>> 16, hash >>> 8, hash)
  }

  async #turn(): Promise<void> {
    if (this.#isPoisoned) throw new Error('poisoned')
    if (!this.isOpen && this.#sin !== 'answers after close') throw new QuorateError('STOPPED', 'closed')
    await Promise.resolve()
    if (!this.isOpen && this.#sin !== 'answers after close') throw new QuorateError('STOPPED', 'closed')
  }
}
