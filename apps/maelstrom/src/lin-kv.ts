import { QuorateError } from '@quorate/contracts'
import type { Replica } from '@quorate/replica'
import { errorCode, ReplyError, type Request } from './message.js'
import type { registers } from './registers.js'

/**
 * Carries out one request of the workload `lin-kv`. Resolves to the body of the reply; throws a {@link ReplyError} that
 * says whether it may have happened.
 */
export async function carryOut(
  replica: Replica<typeof registers>,
  request: Request,
): Promise<Readonly<Record<string, unknown>>> {
  const key = textOf(request.key)
  try {
    switch (request.type) {
      case 'read': {
        const value = await replica.queries.read({ key })
        if (value === null) throw missing(key)
        return { type: 'read_ok', value: JSON.parse(value) as unknown }
      }
      case 'write':
        await replica.commands.write({ key, value: textOf(request.value) })
        return { type: 'write_ok' }
      case 'cas': {
        const [from, to] = [textOf(request.from), textOf(request.to)]
        const result = await replica.commands.cas({ key, from, to, create: request.create_if_not_exists })
        if (result.kind === 'missing') throw missing(key)
        if (result.kind === 'ok') return { type: 'cas_ok' }
        throw new ReplyError(errorCode.preconditionFailed, `the value of ${key} is ${result.found}, not ${from}`)
      }
    }
  } catch (error) {
    throw error instanceof ReplyError ? error : replyErrorOf(error)
  }
}

function missing(key: string): ReplyError {
  return new ReplyError(errorCode.keyDoesNotExist, `there is no ${key}`)
}

/** Definite exactly when nothing was done. */
function replyErrorOf(error: unknown): ReplyError {
  if (!(error instanceof QuorateError)) return new ReplyError(errorCode.crash, String(error))
  const { code, outcome, message } = error
  const text = `${code}: ${message}`
  if (outcome !== 'notDone') return new ReplyError(code === 'TIMED_OUT' ? errorCode.timeout : errorCode.crash, text)
  return new ReplyError(
    code === 'INVALID_COMMAND' ? errorCode.malformedRequest : errorCode.temporarilyUnavailable,
    text,
  )
}

/** JSON with its keys in order, so that equal values are equal texts. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  )
}
