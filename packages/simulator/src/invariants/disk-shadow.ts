/** What a member's disk is known to hold of its voice. */
export interface DurableVoice {
  readonly epoch: number
  readonly votedFor: string | null
}

interface Leaving {
  readonly sequence: number
  /** Those that were given since the records before, the last one last. */
  readonly voices: readonly DurableVoice[]
  /** The log up to here is in the records that have left by then. */
  through: number
}

/**
 * What a member's disk is known to hold, as its storage says: the log and the voice of the newest records that are durable.
 * The protocol hears of it a little later.
 */
export class DiskShadow {
  #leaving: Leaving[] = []
  #given: DurableVoice[] = []
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

  /** Its voice is another one now, and will be in the next records that leave. */
  onVoice({ epoch, votedFor }: DurableVoice): void {
    this.#given.push({ epoch, votedFor })
  }

  /** Records up to this sequence have left for the disk. With them the log is complete up to `through`. */
  onLeaving(sequence: number, through: number): void {
    this.#leaving.push({ sequence, through, voices: this.#given })
    this.#given = []
  }

  /** Entries from here on are other ones now, and will be in records to come. */
  onTruncated(from: number): void {
    this.#through = Math.min(this.#through, from - 1)
    for (const leaving of this.#leaving) leaving.through = Math.min(leaving.through, from - 1)
  }

  /** Records up to this sequence are durable. Returns the voices that are so too now: an earlier one counts as well. */
  onDurable(sequence: number): readonly DurableVoice[] {
    const durable = this.#leaving.filter((leaving) => leaving.sequence <= sequence)
    this.#leaving = this.#leaving.slice(durable.length)
    this.#through = durable.at(-1)?.through ?? this.#through
    const voices = durable.flatMap((leaving) => leaving.voices)
    this.#voice = voices.at(-1) ?? this.#voice
    return voices
  }
}
