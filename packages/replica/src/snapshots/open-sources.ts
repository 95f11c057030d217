import type { Environment, OpenStorage, Position, SnapshotSource } from '@quorate/contracts'

interface Held {
  readonly source: SnapshotSource
  usedAtMs: number
}

/**
 * Images that are being read, open between two requests: a released one stays until nobody asks for it any more. A
 * bounded number of them, closed after a time without use. One call at a time.
 */
export class OpenSources {
  readonly #environment: Environment
  readonly #storage: Pick<OpenStorage, 'openSnapshot'>
  readonly #limits: { readonly sourcesMax: number; readonly idleMs: number }
  /** The one used last stands last. */
  readonly #held = new Map<Position, Held>()
  #reading: Position | null = null
  #cancelTimer: (() => void) | null = null

  constructor(
    environment: Environment,
    storage: Pick<OpenStorage, 'openSnapshot'>,
    limits: { readonly sourcesMax: number; readonly idleMs: number },
  ) {
    this.#environment = environment
    this.#storage = storage
    this.#limits = limits
  }

  /** Reads from the image at a position; null if there is none. After an error the image is opened anew. */
  async read<Value>(at: Position, read: (source: SnapshotSource) => Promise<Value>): Promise<Value | null> {
    this.#reading = at
    try {
      const held = this.#held.get(at) ?? (await this.#open(at))
      if (!held) return null
      const value = await read(held.source)
      held.usedAtMs = this.#environment.monotonicMs()
      this.#held.delete(at)
      this.#held.set(at, held)
      this.#armTimer()
      return value
    } catch (error) {
      await this.#close(at)
      throw error
    } finally {
      this.#reading = null
    }
  }

  get size(): number {
    return this.#held.size
  }

  async close(): Promise<void> {
    this.#cancelTimer?.()
    for (const at of [...this.#held.keys()]) await this.#close(at)
  }

  async #open(at: Position): Promise<Held | null> {
    const source = await this.#storage.openSnapshot(at)
    if (!source) return null
    const held: Held = { source, usedAtMs: this.#environment.monotonicMs() }
    this.#held.set(at, held)
    const [oldest] = this.#held.keys()
    if (this.#held.size > this.#limits.sourcesMax && oldest !== undefined) await this.#close(oldest)
    return held
  }

  /** A source that does not close has done its work all the same; the storage closes what is left when it closes. */
  async #close(at: Position): Promise<void> {
    const held = this.#held.get(at)
    this.#held.delete(at)
    await held?.source.close().catch(() => undefined)
  }

  /** Set for the moment at which the image that was used longest ago has been idle for long enough. */
  #armTimer(): void {
    const [oldest] = this.#held.values()
    if (!oldest || this.#cancelTimer) return
    const nowMs = this.#environment.monotonicMs()
    this.#cancelTimer = this.#environment.setTimer(oldest.usedAtMs + this.#limits.idleMs - nowMs, () => {
      this.#cancelTimer = null
      this.#closeIdle()
      this.#armTimer()
    })
  }

  /** Counts as the timer does: what is due for it and not for this would have it come again at once, for ever. */
  #closeIdle(): void {
    const nowMs = this.#environment.monotonicMs()
    for (const [at, held] of [...this.#held]) {
      if (at === this.#reading) held.usedAtMs = nowMs
      else if (held.usedAtMs + this.#limits.idleMs - nowMs <= 0) void this.#close(at)
    }
  }
}
