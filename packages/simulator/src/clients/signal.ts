import type { AbortSignalLike } from '@quorate/contracts'

/** A signal by which a caller gives up what it has asked for. */
export class Signal implements AbortSignalLike {
  readonly #listeners = new Set<() => void>()
  aborted = false
  readonly reason = 'a simulated caller gives up'

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  abort(): void {
    this.aborted = true
    for (const listener of [...this.#listeners]) listener()
  }
}
