import { cutText, QuorateError, type ErrorCode, type Outcome } from '@quorate/contracts'

/** A request that was answered with an error, as HTTP says it. */
export interface Failure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly error: QuorateError
}

/** Thrown where HTTP itself has an answer for a request that cannot be served: nothing was done. */
export class HttpRefusal extends Error implements Failure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly error: QuorateError

  constructor(status: number, code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
    this.error = new QuorateError(code, message, { outcome: 'notDone' })
  }
}

/** True for what a request may fail with; anything else is a mistake of ours, or of the machine's. */
export function isExpected(error: unknown): error is HttpRefusal | QuorateError {
  return error instanceof HttpRefusal || error instanceof QuorateError
}

/** What a caller hears of a mistake: nothing of its inside, which is for this member's log. */
export function unexpected(error: unknown, outcome: Outcome): QuorateError {
  return new QuorateError('INTERNAL', 'this member failed unexpectedly: its log says why', { outcome, cause: error })
}

/** Statuses by code; what is not named here is a failure of this member: 500. */
const statusOfCode: Partial<Record<ErrorCode, number>> = {
  INVALID_COMMAND: 400,
  COMMAND_TOO_LARGE: 413,
  MEMBERSHIP_CHANGE_IN_PROGRESS: 409,
  SEQUENCE_REUSED: 409,
  SESSION_EXPIRED: 410,
  WRONG_CLUSTER: 421,
  UNSUPPORTED: 501,
  NO_LEADER: 503,
  NOT_LEADER: 503,
  OVERLOADED: 503,
  OVERWRITTEN: 503,
  VERSION_NOT_ACTIVE: 503,
  STOPPED: 503,
  LEADERSHIP_LOST: 503,
  TIMED_OUT: 504,
}

const worthWaiting: readonly ErrorCode[] = ['NO_LEADER', 'NOT_LEADER', 'OVERLOADED', 'OVERWRITTEN', 'STOPPED']

/**
 * How HTTP says that an operation failed. A member that does not lead answers 307 with the way to the one that does,
 * which serves programs that know nothing of this protocol. They send a request again by themselves after a 307 or a
 * `retry-after`: what may have happened is answered with neither.
 */
export function failureOf(error: QuorateError, base: string, path: string): Failure {
  const isNotDone = error.outcome === 'notDone'
  const leaderAddress = isNotDone && error.code === 'NOT_LEADER' ? (error.leader?.clientAddress ?? null) : null
  if (leaderAddress !== null) {
    return { status: 307, headers: { location: `${base}${leaderAddress}${path}` }, error }
  }
  const status = statusOfCode[error.code] ?? 500
  return { status, headers: isNotDone && worthWaiting.includes(error.code) ? { 'retry-after': '1' } : {}, error }
}

/**
 * The body of an answer that says what failed. What is fatal to this member is doubt to its caller: what it was asked for
 * may have reached others, who carry it out. Of the message no more than `charactersMax` is told: it may repeat the request.
 */
export function describeFailure({ code, message, leader, outcome: own }: QuorateError, charactersMax: number): object {
  const outcome = own === 'fatal' ? 'unknown' : own
  return { error: { code, outcome, message: cutText(message, charactersMax), leader } }
}
