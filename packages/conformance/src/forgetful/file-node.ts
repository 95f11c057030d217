import { Content } from './content.js'
import type { ContentChange, Fate } from './fate.js'

/** A file without its names: what its readers see, what is on the disk, and the changes between the two. */
export class FileNode {
  #visible = new Content()
  readonly #durable = new Content()
  #unsynced: { readonly mark: number; readonly change: ContentChange }[] = []
  #mark = 0
  #allocatedBytes = 0

  get size(): number {
    return this.#visible.length
  }

  /** How far it was ever written: a size that was only set takes no space. */
  get allocatedBytes(): number {
    return this.#allocatedBytes
  }

  /** Ordinal of the last change: what a sync that begins now will cover. */
  get mark(): number {
    return this.#mark
  }

  read(offset: number, length: number): Uint8Array {
    return this.#visible.read(offset, length)
  }

  bytes(view: 'visible' | 'durable'): Uint8Array {
    return (view === 'visible' ? this.#visible : this.#durable).all()
  }

  change(change: ContentChange): void {
    apply(change, this.#visible)
    if (change.kind === 'write') {
      this.#allocatedBytes = Math.max(this.#allocatedBytes, change.offset + change.bytes.length)
    } else if (change.kind === 'truncate') this.#allocatedBytes = Math.min(this.#allocatedBytes, change.length)
    this.#mark += 1
    this.#unsynced.push({ mark: this.#mark, change })
  }

  /** Ends the changes up to a mark: what fate leaves of them is on the disk, and no later sync writes the rest. */
  settle(upTo: number, fate: Fate): void {
    const ending = this.#unsynced.filter(({ mark }) => mark <= upTo)
    this.#unsynced = this.#unsynced.filter(({ mark }) => mark > upTo)
    for (const { change } of ending) {
      for (const remains of fate.remainsOfContent(change)) apply(remains, this.#durable)
    }
  }

  /** What is on the disk is what readers see from now on. */
  loseUnsynced(fate: Fate): void {
    this.settle(this.#mark, fate)
    this.#visible = new Content(this.#durable.all())
    this.#allocatedBytes = this.#durable.length
  }

  /** Puts other bytes on the disk and before every reader. */
  replace(bytes: Uint8Array): void {
    this.#unsynced = []
    this.#durable.truncate(0)
    this.#durable.write(0, bytes)
    this.#visible = new Content(bytes)
    this.#allocatedBytes = bytes.length
  }
}

function apply(change: ContentChange, content: Content): void {
  switch (change.kind) {
    case 'write':
      return content.write(change.offset, change.bytes)
    case 'truncate':
      return content.truncate(change.length)
    case 'grow':
      return content.grow(change.length)
  }
}
