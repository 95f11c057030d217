import { addressSchema, cutText, describeError, outcomeOfCode, QuorateError, type ErrorCode } from '@quorate/contracts'
import { z } from 'zod'
import { jsonOf } from './answers.js'
import type { HttpAnswer } from './http-port.js'
import type { Repeats } from './orders.js'

/** What an error tells of a text that came from outside, in characters. */
const messageCharactersMax = 2_000
const shortCharactersMax = 100

const failureSchema = z.object({
  error: z.object({
    code: z.string(),
    outcome: z.enum(['notDone', 'unknown', 'fatal']),
    message: z.string(),
    leader: z.object({ id: z.string().max(256), clientAddress: addressSchema.max(512).nullable() }).nullable(),
  }),
})

/** Codes of what every member would say, and would say again. */
const lasting: readonly ErrorCode[] = [
  'INVALID_COMMAND',
  'COMMAND_TOO_LARGE',
  'UNSUPPORTED',
  'FORBIDDEN',
  'VERSION_NOT_ACTIVE',
  'INTERNAL',
]

/** What an answer means: null if it is the result, else what the member says went wrong. */
export function errorOfAnswer(answer: HttpAnswer, type: string, address: string): QuorateError | null {
  const answered = answer.headers['content-type']?.split(';')[0]
  if (answer.status === 200 && answered === type) return null
  const failure = answered === 'application/json' ? failureSchema.safeParse(jsonOrNull(answer)) : null
  if (failure?.success !== true) return foreignAnswer(answer, address)
  const { code, leader, outcome: said } = failure.data.error
  const message = cutText(failure.data.error.message, messageCharactersMax)
  // That a member ends is fatal to it. To what it had been sent it is doubt: others may carry it out.
  const outcome = said === 'fatal' ? 'unknown' : said
  if (isErrorCode(code)) return new QuorateError(code, message, { outcome, leader })
  return new QuorateError('INTERNAL', `${cutText(code, shortCharactersMax)}: ${message}`, { outcome, leader })
}

/**
 * An answer that no gateway gives: another program listens there, or stands between. What was asked may all the same have
 * reached a member behind it, so that a command is in doubt.
 */
export function foreignAnswer({ status, headers }: HttpAnswer, address: string, cause?: unknown): QuorateError {
  const type = cutText(headers['content-type']?.split(';')[0] ?? 'of no type', shortCharactersMax)
  const why = cause === undefined ? '' : `: ${cutText(describeError(cause), messageCharactersMax)}`
  return new QuorateError('CONNECTION_LOST', `${address} answered ${status} (${type}), which no gateway does${why}`, {
    cause,
  })
}

/** True if the operation may be tried again after this. */
export function mayRetry({ code, outcome }: QuorateError, repeats: Repeats): boolean {
  // A member that failed unexpectedly cannot say what became of a command; in its session, another one can.
  if (code === 'INTERNAL' && outcome !== 'notDone') return repeats === 'inSession'
  return (repeats !== 'never' || outcome === 'notDone') && !lasting.includes(code)
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(outcomeOfCode, code)
}

function jsonOrNull(answer: HttpAnswer): unknown {
  try {
    return jsonOf(answer)
  } catch {
    return null
  }
}
