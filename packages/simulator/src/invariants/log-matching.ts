// Raft §5.3, Figure 3: if two logs contain an entry with the same index and term, they are identical up to it.
import { expectAlways } from '../violation.js'
import { hashOf } from './hash.js'
import type { Invariant, Look } from './invariant.js'

interface Named {
  readonly epoch: number
  readonly content: number
  /** The epoch of the entry before it; null: nobody has seen that one beside it. */
  previous: number | null
}

/** What every entry's name stood for, and what stood before it, for ever. By induction that is all that was before. */
export class LogMatching implements Invariant {
  readonly #entries: Named[][] = []
  readonly #hashes = new WeakMap<Uint8Array, number>()

  check(look: Look): void {
    for (let index = look.member.change.from; index <= look.now.lastIndex; index += 1) this.#match(look, index)
  }

  sweep(look: Look): void {
    for (let index = look.now.firstIndex; index <= look.now.lastIndex; index += 1) this.#match(look, index)
  }

  /** Bytes are hashed once: they are immutable for as long as anybody holds them, which the storage relies on too. */
  #hashOf(bytes: Uint8Array): number {
    let hash = this.#hashes.get(bytes)
    if (hash === undefined) {
      hash = hashOf(bytes)
      this.#hashes.set(bytes, hash)
    }
    return hash
  }

  #match({ member: { id, now: log } }: Look, index: number): void {
    if (!log) return
    const epoch = log.epochAt(index) ?? 0
    const content = this.#hashOf(log.contentAt(index))
    const previous = log.epochAt(index - 1)
    const named = (this.#entries[index] ??= [])
    const known = named.find((each) => each.epoch === epoch)
    if (!known) {
      named.push({ epoch, content, previous })
      return
    }
    expectAlways(known.content === content, () => `${id} holds another entry ${index}@${epoch} than others did`)
    known.previous ??= previous
    expectAlways(previous === null || known.previous === previous, () => {
      return `${id} holds ${index}@${epoch} behind ${index - 1}@${previous}, others behind ${index - 1}@${known.previous}`
    })
  }
}
