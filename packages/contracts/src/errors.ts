/** Did it happen? `notDone`: certainly not. `unknown`: it may have, or may still. `fatal`: the replica cannot run. */
export type Outcome = 'notDone' | 'unknown' | 'fatal'

/** Every code a {@link QuorateError} may carry, with the outcome it implies. Codes do not change within a major version. */
export const outcomeOfCode = {
  NO_LEADER: 'notDone',
  NOT_LEADER: 'notDone',
  OVERLOADED: 'notDone',
  MEMBERSHIP_CHANGE_IN_PROGRESS: 'notDone',
  INVALID_COMMAND: 'notDone',
  SEQUENCE_REUSED: 'notDone',
  COMMAND_TOO_LARGE: 'notDone',
  VERSION_NOT_ACTIVE: 'notDone',
  OVERWRITTEN: 'notDone',
  UNSUPPORTED: 'notDone',
  FORBIDDEN: 'notDone',
  ABORTED: 'notDone',
  TIMED_OUT: 'unknown',
  LEADERSHIP_LOST: 'unknown',
  SESSION_EXPIRED: 'unknown',
  CONNECTION_LOST: 'unknown',
  STOPPED: 'unknown',
  INTERNAL: 'unknown',
  APPLY_FAILED: 'fatal',
  STORAGE_CORRUPT: 'fatal',
  STORAGE_LOCKED: 'fatal',
  STORAGE_FULL: 'fatal',
  STORAGE_FAILED: 'fatal',
  FORMAT_TOO_NEW: 'fatal',
  WRONG_CLUSTER: 'fatal',
  MEMBER_IMPOSTOR: 'fatal',
  STALE_DIRECTORY: 'fatal',
  INVALID_OPTIONS: 'fatal',
  ADDRESS_IN_USE: 'fatal',
} as const satisfies Record<string, Outcome>

/** The stable name of a failure. */
export type ErrorCode = keyof typeof outcomeOfCode

/** What a {@link QuorateError} may carry beside its message. */
export interface QuorateErrorDetails {
  /** Overrides the outcome of the code: `STOPPED`, `ABORTED`, `CONNECTION_LOST` and `WRONG_CLUSTER`, for example, have more than one. */
  readonly outcome?: Outcome
  readonly cause?: unknown
  /** Member that leads as far as is known, and where its clients reach it. */
  readonly leader?: { readonly id: string; readonly clientAddress: string | null } | null
}

/**
 * A failure that a caller should expect. `code` is stable, `message` is for a person and says what to do next, and
 * `outcome` answers the one question that matters: did it happen?
 */
export class QuorateError extends Error {
  override readonly name = 'QuorateError'
  readonly code: ErrorCode
  readonly outcome: Outcome
  readonly leader: { readonly id: string; readonly clientAddress: string | null } | null

  constructor(code: ErrorCode, message: string, details: QuorateErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.outcome = details.outcome ?? outcomeOfCode[code]
    this.leader = details.leader ?? null
  }
}

/** A promise of our own is broken. Nobody recovers from it: the replica stops, because a wrong answer is worse than none. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
}

/** Bytes that are no message, record or state of the protocol that was asked to read them. */
export class ProtocolFormatError extends Error {
  override readonly name = 'ProtocolFormatError'
}

/**
 * Throws an {@link InvariantViolation} unless the claim holds. Always on. A message with values in it is given as a
 * function: text that nobody reads would cost more than the claim.
 */
export function assert(claim: boolean, message: string | (() => string)): asserts claim {
  if (!claim) throw new InvariantViolation(typeof message === 'string' ? message : message())
}

/** The text of anything that was thrown. */
export function describeError(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
