/** What a member's disk is known to hold of its voice. */
export interface DurableVoice {
  readonly epoch: number
  readonly votedFor: string | null
}

interface Leaving extends DurableVoice {
  readonly sequence: number
  /** The log up to here is in the records that have left by then. */
  through: number
}

/**
 * What a member's disk is known to hold, as its storage says: the log and the voice of the newest records that are durable.
 * The protocol hears of it a little later.
 */
export class DiskShadow {
  #leaving: Leaving[] = []
  #through: number
  #voice: DurableVoice

  /** What was recovered is on the disk. */
  constructor(through: number, { epoch, votedFor }: DurableVoice) {
    this.#through = through
    this.#voice = { epoch, votedFor }
  }

  get through(): number {
    return this.#through
  }

  get voice(): DurableVoice {
    return this.#voice
  }

  /** Records up to this sequence have left for the disk. With them the log is complete up to `through`. */
  onLeaving(sequence: number, through: number, { epoch, votedFor }: DurableVoice): void {
    this.#leaving.push({ sequence, through, epoch, votedFor })
  }

  /** Entries from here on are other ones now, and will be in records to come. */
  onTruncated(from: number): void {
    this.#through = Math.min(this.#through, from - 1)
    for (const leaving of this.#leaving) leaving.through = Math.min(leaving.through, from - 1)
  }

  /** Records up to this sequence are durable. True if the voice is another one now. */
  onDurable(sequence: number): boolean {
    const durable = this.#leaving.filter((leaving) => leaving.sequence <= sequence)
    const newest = durable.at(-1)
    if (!newest) return false
    this.#leaving = this.#leaving.slice(durable.length)
    this.#through = newest.through
    this.#voice = { epoch: newest.epoch, votedFor: newest.votedFor }
    return true
  }
}
