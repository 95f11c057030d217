import type { Counters } from '../counters.js'
import type { Invariant, Look } from '../invariants/invariant.js'

/** Counts what happens to logs that only some runs bring about, so that a campaign can tell whether it came to it. */
export class LogSightings implements Invariant {
  readonly #counters: Counters

  constructor(counters: Counters) {
    this.#counters = counters
  }

  check({ member, now, before }: Look): void {
    if (before === null) return
    if (member.change.isTruncated) this.#counters.add('a log is truncated')
    // What a snapshot stands for and was not committed here came with it: it was another member's.
    const isInstalled = now.firstIndex - 1 > before.committedIndex
    if (isInstalled && before.lastIndex > before.committedIndex) {
      this.#counters.add('a snapshot is installed over a log that goes on')
    } else if (isInstalled && before.lastIndex >= before.firstIndex) {
      this.#counters.add('a snapshot is installed over a log')
    }
    if (now.isLeader && !before.isLeader) this.#counters.add('a leader is elected')
  }
}
