/** What was ever known to be committed, by anybody: the epoch of each place, for ever. */
export class Commitments {
  readonly #epochs: (number | null)[]

  /** Everything up to `beginsAt` counts as committed, and its epochs are not known. */
  constructor(beginsAt = 0) {
    this.#epochs = [0, ...Array.from({ length: beginsAt }, () => null)]
  }

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
