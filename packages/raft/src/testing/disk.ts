import type { Outgoing, Position, Ready, SnapshotMeta } from '@quorate/contracts'
import type { RaftMessage } from '../message.js'
import type { RaftRecord } from '../record.js'
import { decodeRecord } from '../wire/record-codec.js'
import { describeRecord } from './wording.js'

/** A machine's state at a position: here the commands that made it. */
export interface Image {
  readonly meta: SnapshotMeta
  readonly machine: readonly string[]
}

/** A Ready whose records are on their way to the disk. */
interface Write {
  readonly ready: Ready<RaftMessage>
  readonly text: string
}

/** What became durable, and what may leave now. */
export interface Persisted {
  readonly text: string
  readonly lastSequence: number | null
  readonly messages: readonly Outgoing<RaftMessage>[]
}

/** Which entries a journal holds, by index and term. */
class FoldedLog {
  readonly #terms = new Map<number, number>()
  #lastIndex = 0

  copy(): FoldedLog {
    const copy = new FoldedLog()
    for (const [index, term] of this.#terms) copy.#terms.set(index, term)
    copy.#lastIndex = this.#lastIndex
    return copy
  }

  holds(index: number, term: number): boolean {
    return index <= this.#lastIndex && this.#terms.get(index) === term
  }

  /** Takes a record in. Returns the names of the entries that it replaces. */
  fold(record: RaftRecord): string[] {
    if (record.kind === 'reset') this.#lastIndex = record.base.index
    if (record.kind !== 'entries') return []
    const replaced: string[] = []
    for (let index: number = record.firstIndex; index <= this.#lastIndex; index += 1) {
      replaced.push(`${index}@${this.#terms.get(index)}`)
    }
    for (const { index, term } of record.entries) this.#terms.set(index, term)
    this.#lastIndex = record.firstIndex + record.entries.length - 1
    return replaced
  }
}

/**
 * One member's disk: a journal, images, and writes that the disk has not answered for yet. It loses those in a crash.
 * A release takes effect with the batch that carried it (order 7.3).
 */
export class Disk {
  #records: { readonly sequence: number; readonly bytes: Uint8Array }[] = []
  #durable = new FoldedLog()
  #written = new FoldedLog()
  #waiting: Write[] = []
  readonly #images = new Map<number, Image>()
  /** The image that the last durable release names. */
  image: Image | null = null

  get records(): readonly { readonly sequence: number; readonly bytes: Uint8Array }[] {
    return this.#records
  }

  /** True while records are on their way. */
  get isBusy(): boolean {
    return this.#waiting.some(({ ready }) => ready.records.length > 0)
  }

  /** What is on its way, a text for each write. */
  get inFlight(): string[] {
    return this.#waiting.map(({ text }) => text).filter((text) => text !== '')
  }

  /** True if the entry is durable here, by itself or in the image. */
  holds(index: number, term: number): boolean {
    return index <= (this.image?.meta.position ?? 0) || this.#durable.holds(index, term)
  }

  /** Puts a Ready on its way. Returns what its records say; empty without records. */
  write(ready: Ready<RaftMessage>): string {
    const released = ready.release ? [`release to snapshot ${ready.release.snapshot}`] : []
    const text = [...ready.records.map((bytes) => this.#describe(decodeRecord(bytes))), ...released].join(', ')
    this.#waiting.push({ ready, text })
    return text
  }

  /** The disk answers for the oldest `writes` writes, and for the Readys without records behind them. */
  persist(writes = Infinity): Persisted {
    let left = writes
    const done: Write[] = []
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (next.ready.records.length > 0 && left-- <= 0) break
      done.push(next)
      this.#waiting.shift()
    }
    let lastSequence: number | null = null
    for (const { ready } of done) {
      ready.records.forEach((bytes, at) => {
        lastSequence = ready.firstSequence + at
        this.#records.push({ sequence: lastSequence, bytes })
        this.#durable.fold(decodeRecord(bytes))
      })
      if (ready.release) this.#release(ready.release.sequence, ready.release.snapshot)
    }
    return {
      text: done.flatMap(({ text }) => (text === '' ? [] : [text])).join(', '),
      lastSequence,
      messages: done.flatMap(({ ready }) => ready.messagesAfterPersist),
    }
  }

  /** Makes an image durable. It counts only once a release names it. */
  saveImage(image: Image): void {
    this.#images.set(image.meta.position, image)
  }

  imageAt(position: Position): Image | null {
    return this.#images.get(position) ?? null
  }

  /** Returns what the writes were that are lost. */
  crash(): string[] {
    const lost = this.inFlight
    this.#waiting = []
    this.#written = this.#durable.copy()
    return lost
  }

  /** Starts anew: images that no release names are leftovers. */
  open(): void {
    this.#images.clear()
    if (this.image) this.saveImage(this.image)
  }

  #release(sequence: number, position: Position): void {
    this.image = this.#images.get(position) ?? this.image
    this.#records = this.#records.filter((record) => record.sequence >= sequence)
    for (const at of [...this.#images.keys()]) if (at < position) this.#images.delete(at)
  }

  #describe(record: RaftRecord): string {
    const replaced = this.#written.fold(record)
    return describeRecord(record) + (replaced.length > 0 ? ` in place of ${replaced.join(' ')}` : '')
  }
}
