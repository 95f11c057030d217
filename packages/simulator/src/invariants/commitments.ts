/** What was ever known to be committed, by anybody: the epoch of each place, for ever. */
export class Commitments {
  readonly #epochs: number[] = [0]

  get last(): number {
    return this.#epochs.length - 1
  }

  epochAt(index: number): number | null {
    return this.#epochs[index] ?? null
  }

  add(epoch: number): void {
    this.#epochs.push(epoch)
  }
}
