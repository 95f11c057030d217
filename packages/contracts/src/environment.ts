/**
 * Time and dice, as the driver and the adapters see them. The simulator brings its own, so that it runs the product's
 * code and not a copy of it; `@quorate/contracts/node` has the real one.
 */
export interface Environment {
  /** Milliseconds that never go back. */
  monotonicMs(): number
  /** Milliseconds of the wall clock, which may jump: for showing, never for deciding. */
  wallMs(): number
  /** Runs something once, after `delayMs`. Returns what cancels it. */
  setTimer(delayMs: number, run: () => void): () => void
  /** Resolves after timers and input/output had a turn. */
  yieldTurn(): Promise<void>
  /** Bytes that nobody can guess. */
  randomBytes(count: number): Uint8Array
}

/** The part of the platform's `AbortSignal` that is used here, named so that portable packages need no host's types. */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}
