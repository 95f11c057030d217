/** How a command ended for its caller. */
export type End = 'acknowledged' | 'notDone' | 'unknown'

/** What callers know of their commands, each of which they gave once: what has to be there, and what must not be. */
export class Accounts {
  readonly #ends = new Map<number, End>()
  readonly #counts: Record<End, number> = { acknowledged: 0, notDone: 0, unknown: 0 }
  readonly #acknowledgedByWriter = new Map<number, number[]>()
  #entries = 0

  /** A number that was never used. */
  newEntry(): number {
    return (this.#entries += 1)
  }

  record(writer: number, entry: number, end: End): void {
    this.#ends.set(entry, end)
    this.#counts[end] += 1
    if (end !== 'acknowledged') return
    const acknowledged = this.#acknowledgedByWriter.get(writer) ?? []
    this.#acknowledgedByWriter.set(writer, [...acknowledged, entry])
  }

  count(end: End): number {
    return this.#counts[end]
  }

  /** What is wrong with a ledger, in a sentence; null if every promise was kept. */
  complaintAbout(entries: readonly number[]): string | null {
    const places = new Map<number, number>()
    for (const [place, entry] of entries.entries()) {
      if (places.has(entry)) return `command ${entry} was applied twice`
      if (!this.#ends.has(entry)) return `command ${entry} was applied and never given`
      places.set(entry, place)
    }
    for (const [entry, end] of this.#ends) {
      if (end === 'acknowledged' && !places.has(entry)) return `command ${entry} was acknowledged and is gone`
      if (end === 'notDone' && places.has(entry)) return `command ${entry} was refused and is there`
    }
    for (const acknowledged of this.#acknowledgedByWriter.values()) {
      const order = acknowledged.map((entry) => places.get(entry) ?? 0)
      const late = order.findIndex((place, at) => at > 0 && place < (order[at - 1] ?? 0))
      if (late > 0) return `command ${acknowledged[late] ?? 0} stands before one that its caller gave earlier`
    }
    return null
  }
}
