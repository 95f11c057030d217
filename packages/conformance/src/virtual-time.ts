import { seededRandom, type Environment } from '@quorate/contracts'

/** Time that only passes when it is told to: the next thing due runs at its moment, and nothing waits in between. */
export interface VirtualTime {
  readonly environment: Environment
  /** How often something waited for its turn without waiting for time. */
  readonly turns: () => number
  /** Runs everything that is due within the next `ms` milliseconds. */
  pass(ms: number): Promise<void>
  /** Runs what is due, one thing after the other, until the condition holds. False if it did not within `ms`. */
  until(condition: () => boolean, ms: number): Promise<boolean>
}

interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  isWanted: boolean
}

/**
 * An environment in virtual time, its dice from a seed: whatever reaches time and dice only through it runs the same
 * again. `settled` resolves when the promises that are ready have run, and those that they made ready: a turn of the
 * real event loop.
 */
export function virtualTime(options: {
  readonly settled: () => Promise<void>
  readonly seed?: number | string
}): VirtualTime {
  const random = seededRandom(options.seed ?? 1)
  const agenda = new Agenda()
  let nowMs = 0
  let turns = 0
  const environment: Environment = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    setTimer: (delayMs, run) => agenda.add(nowMs + Math.max(0, delayMs), run),
    yieldTurn: () => {
      turns += 1
      return new Promise((resolve) => void agenda.add(nowMs, resolve))
    },
    randomBytes: (count) => Uint8Array.from({ length: count }, () => random.nextInt(256)),
  }
  const until = async (condition: () => boolean, ms: number): Promise<boolean> => {
    const endMs = nowMs + ms
    for (;;) {
      await options.settled()
      if (condition()) return true
      const due = agenda.takeUntil(endMs)
      if (due === null) break
      nowMs = due.atMs
      due.run()
    }
    nowMs = endMs
    return false
  }
  return { environment, turns: () => turns, until, pass: async (ms) => void (await until(() => false, ms)) }
}

/** What is due, in the order of time and, at one moment, in the order in which it was asked for. A binary heap. */
class Agenda {
  readonly #heap: Due[] = []
  #added = 0

  /** Returns what takes it off again. */
  add(atMs: number, run: () => void): () => void {
    const due: Due = { atMs, order: (this.#added += 1), run, isWanted: true }
    this.#heap.push(due)
    this.#rise(this.#heap.length - 1)
    return () => {
      due.isWanted = false
    }
  }

  takeUntil(endMs: number): Due | null {
    for (;;) {
      const [first] = this.#heap
      if (!first || first.atMs > endMs) return null
      this.#takeFirst()
      if (first.isWanted) return first
    }
  }

  #takeFirst(): void {
    const last = this.#heap.pop()
    if (last && this.#heap.length > 0) {
      this.#heap[0] = last
      this.#sink()
    }
  }

  #rise(at: number): void {
    for (let child = at; child > 0;) {
      const parent = (child - 1) >> 1
      if (!this.#swapIfLate(parent, child)) return
      child = parent
    }
  }

  #sink(): void {
    for (let parent = 0; ;) {
      const left = 2 * parent + 1
      const right = left + 1
      if (left >= this.#heap.length) return
      const child = right < this.#heap.length && isBefore(this.#heap[right], this.#heap[left]) ? right : left
      if (!this.#swapIfLate(parent, child)) return
      parent = child
    }
  }

  #swapIfLate(parent: number, child: number): boolean {
    const upper = this.#heap[parent]
    const lower = this.#heap[child]
    if (!upper || !lower || isBefore(upper, lower)) return false
    this.#heap[parent] = lower
    this.#heap[child] = upper
    return true
  }
}

function isBefore(left: Due | undefined, right: Due | undefined): boolean {
  if (!left || !right) return false
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
}
