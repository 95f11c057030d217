/** Every voice that was ever given and is on the disk of who gave it: what an election rests on. */
export class Votes {
  readonly #given = new Map<string, string>()

  /** To whom a member's voice in an epoch went; null if none is on its disk. */
  of(id: string, epoch: number): string | null {
    return this.#given.get(`${id} ${epoch}`) ?? null
  }

  /** Keeps a voice, and returns the first one of this member in this epoch. */
  keep(id: string, epoch: number, votedFor: string): string {
    const known = this.of(id, epoch) ?? votedFor
    this.#given.set(`${id} ${epoch}`, known)
    return known
  }
}
