import type { Environment, ErrorCode, QuorateError, Random } from '@quorate/contracts'
import type { Counters } from '../counters.js'
import type { LoadTraits } from '../plan/plan.js'

/** A command or query as its caller wrote it. */
export interface Called {
  readonly name: string
  readonly input: unknown
  /** The input as the machine encodes it. */
  readonly request: Uint8Array
  /** In a cluster that is upgraded: since which version of the machine it exists. */
  readonly since?: number
}

/** How a command ended for its caller: with the result as the machine encodes it, or with what is known of it. */
export type Ending =
  { readonly kind: 'answered'; readonly result: Uint8Array } | { readonly kind: 'notDone' | 'unknown' }

/** What was seen, and who showed it. */
export interface Seen {
  readonly result: Uint8Array
  readonly by: string
}

/** The longest pause of a caller when all is well, in milliseconds: progress is looked for, and not idleness. */
export const calmPauseMsMax = 20

/** Counts what somebody was told, so that a campaign can tell which outcomes it has seen. */
export function countAnswer(counters: Counters, who: string, { code, outcome }: QuorateError): void {
  counters.add(`${who} is told ${code}, ${outcome}`)
}

/** What exists since the first version is known to every member, through every upgrade. */
export function checkServed({ fail }: Pick<AskerSurroundings, 'fail'>, { since }: Called, code: ErrorCode): void {
  if (since !== 1 || (code !== 'INVALID_COMMAND' && code !== 'VERSION_NOT_ACTIVE')) return
  fail(`a command of the first version was refused: ${code}`)
}

/** Somebody outside of the cluster, who wants answers and has a way to get them. */
export interface Asker {
  /** Gives a command, and again in its place of a session as long as it may have been lost, or gives up. */
  command(called: Called): Promise<Ending>
  /** Null if there was no answer. */
  query(called: Called, consistency: 'linearizable' | 'local'): Promise<Seen | null>
  /** Lets virtual time pass. */
  pause(ms: number): Promise<void>
}

/** What askers need of the world around them. */
export interface AskerSurroundings {
  readonly environment: Environment
  readonly random: Random
  readonly load: LoadTraits
  readonly counters: Counters
  /** How long the cluster keeps a session that nobody uses, in milliseconds. */
  readonly sessionTimeoutMs: number
  /** True when everything is well again: then there is no reason to be impatient. */
  isCalm(): boolean
  /** How many clusters there were at the addresses, this one included. */
  clusters(): number
  /** True when nothing more is to be asked. */
  isOver(): boolean
  /** Something must never be, and a caller has seen it. */
  readonly fail: (problem: string) => void
}
