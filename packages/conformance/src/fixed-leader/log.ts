import { assert, type Token } from '@quorate/contracts'

const appendCommandsMax = 256
/** Far below the largest frame; a larger command goes alone. */
const appendBytesMax = 1024 * 1024

/** A command in its place, and the record that makes it durable. */
export interface Entry {
  readonly command: Uint8Array
  /** The leader's own proposal, if it was one of this life. */
  readonly token: Token | null
  readonly sequence: number
}

/**
 * A member's log behind `base`: everything up to there a snapshot stands for. It only grows at its end, because one
 * leader writes it, and is only cut at its start.
 *
 *   base ≤ persisted ≤ last
 */
export class Log {
  #base: number
  readonly #entries: Entry[] = []
  #persisted: number
  #durableSequence = 0

  constructor(base: number) {
    this.#base = base
    this.#persisted = base
  }

  get base(): number {
    return this.#base
  }

  get last(): number {
    return this.#base + this.#entries.length
  }

  /** The last position that is durable here, by its record or by a snapshot. */
  get persisted(): number {
    return this.#persisted
  }

  get durableSequence(): number {
    return this.#durableSequence
  }

  at(position: number): Entry {
    const entry = this.#entries[position - this.#base - 1]
    assert(entry !== undefined, () => `entry ${position} is behind ${this.#base} and not behind ${this.last}`)
    return entry
  }

  append(entry: Entry): void {
    this.#entries.push(entry)
  }

  /** Every record up to this one is durable. */
  onPersisted(sequence: number): void {
    assert(sequence >= this.#durableSequence, 'what is durable stays durable')
    this.#durableSequence = sequence
    while (this.#persisted < this.last && this.at(this.#persisted + 1).sequence <= sequence) this.#persisted += 1
  }

  /** Forgets the entries up to this position, and goes on behind it: a snapshot stands for them, here or not. */
  forgetTo(position: number): void {
    assert(position >= this.#base, 'a log is cut at its start')
    this.#entries.splice(0, position - this.#base)
    this.#base = position
    this.#persisted = Math.max(this.#persisted, position)
    this.onPersisted(this.#durableSequence)
  }

  /** The commands from this position on, as many as fit into one message. */
  commandsFrom(position: number): Uint8Array[] {
    const commands: Uint8Array[] = []
    let bytes = 0
    for (let at = position; at <= this.last && commands.length < appendCommandsMax; at += 1) {
      const { command } = this.at(at)
      bytes += command.length
      if (bytes > appendBytesMax && commands.length > 0) break
      commands.push(command)
    }
    return commands
  }

  /** Where the log has to be cut to keep at most so many entries and bytes of what ends at `last`. */
  startOfTail(last: number, entriesMax: number, bytesMax: number): number {
    let start = last
    let bytes = 0
    while (start > this.#base && last - start < entriesMax) {
      bytes += this.at(start).command.length
      if (bytes > bytesMax) break
      start -= 1
    }
    return start
  }
}
