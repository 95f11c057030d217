import type { Position } from '@quorate/contracts'

/** What is to be replicated, before a leader stamps it. A retry is a new copy under the same session and count. */
export interface Proposal {
  readonly kind: 'command' | 'openSession'
  /** Session that it belongs to, or 0. */
  readonly session: Position
  /** The caller's count of it within its session. */
  readonly sequence: number
  /** Answers below this count are no longer wanted, as of now. */
  readonly lowestUnacknowledged: () => number
  /** The machine's bytes, or an `Opening`. */
  readonly command: Uint8Array
}
