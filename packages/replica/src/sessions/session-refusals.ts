import { QuorateError, type ErrorCode, type Token } from '@quorate/contracts'
import { noRoomInSession } from '../refusals.js'
import type { ProposalRequest } from '../waiting-proposals.js'
import { sessionResultsMax } from './session.js'
import type { SessionRefusal } from './session-table.js'

const refusals: Record<SessionRefusal, { readonly code: ErrorCode; readonly message: string }> = {
  expired: {
    code: 'SESSION_EXPIRED',
    message:
      'there is no such session of this caller, or this command of it was acknowledged before: open another session',
  },
  wrongCluster: {
    code: 'WRONG_CLUSTER',
    message: 'the session was opened in another cluster than this one: open another session here',
  },
  reused: {
    code: 'SEQUENCE_REUSED',
    message: 'another command was carried out under this count of the session: give each command a count of its own',
  },
  beyondWindow: {
    code: 'SESSION_EXPIRED',
    message:
      `the count of this command, or what it acknowledges, is more than ${sessionResultsMax} beyond what the session has ` +
      'seen: open another session',
  },
  noCommand: {
    code: 'INVALID_COMMAND',
    message: 'these bytes are no command of the version of the machine that is active: it was not carried out',
  },
  versionNotActive: {
    code: 'VERSION_NOT_ACTIVE',
    message: 'the command exists since a version of the machine that is not active yet: it was not carried out',
  },
  full: { code: 'OVERLOADED', message: noRoomInSession },
}

/**
 * A refusal that holds for this attempt and for every later one. An earlier one would have been answered here, unless a
 * snapshot passed over it. Only the window moves: a refusal beyond it says nothing of another attempt, nor, without the
 * tokens of the request's own, that it was an attempt of this request.
 */
export function refusalOfSession(
  why: SessionRefusal,
  request: ProposalRequest,
  tokens: readonly Token[],
): QuorateError {
  const { isInDoubt, skipped, undecided } = request
  const isTheOnlyAttempt = undecided.size > 0 && [...undecided].every((token) => tokens.includes(token))
  const mayHappen = isInDoubt || skipped.size > 0 || (why === 'beyondWindow' && !isTheOnlyAttempt)
  const { code, message } = refusals[why]
  return new QuorateError(code, message, { outcome: mayHappen ? 'unknown' : 'notDone' })
}

/** No further session is opened. */
export function tableIsFull(): QuorateError {
  const message = 'the cluster has as many sessions as it can hold: close some clients, or wait until theirs expire'
  return new QuorateError('OVERLOADED', message)
}
