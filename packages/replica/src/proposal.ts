import type { Position } from '@quorate/contracts'
import type { SessionKey } from './sessions/session.js'

/** What is to be replicated, before a leader stamps it. A retry is a new copy under the same session and count. */
export interface Proposal extends SessionKey {
  readonly kind: 'command' | 'openSession' | 'closeSession'
  /** Id of the cluster that its caller addressed. */
  readonly cluster: Uint8Array
  /** Id of the codec of `command`, and the version of the machine since which that command exists. */
  readonly codec: string
  readonly machineVersion: number
  /** Session that it belongs to, or 0. */
  readonly session: Position
  /** What the caller made up for that session, or for the one that it opens; zeros for none. */
  readonly nonce: Uint8Array
  /** The caller's count of it within its session. */
  readonly sequence: number
  /** Answers below this count are no longer wanted, as of now. */
  readonly lowestUnacknowledged: () => number
  /** The machine's bytes, or those of an opening. */
  readonly command: Uint8Array
}
