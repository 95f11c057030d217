import type { IncomingMessage } from 'node:http'
import { declaresBody, type Answer } from './answer.js'
import type { LeaderWatch } from './leader-watch.js'
import type { ServedReplica } from './options.js'
import { openingParameters, parseParameters } from './parameters.js'
import { HttpRefusal } from './refusal.js'

/** A request to open a session. */
export interface OpeningRequest {
  readonly search: string
  readonly request: IncomingMessage
  readonly answer: Answer
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** Opens a session for a caller that counts its commands (decision D11), and answers with its id. */
export async function answerOpening(
  replica: ServedReplica,
  leader: LeaderWatch,
  { search, request, answer, signal }: OpeningRequest,
): Promise<void> {
  const { timeoutMs, nonce } = parseParameters(openingParameters, search)
  if (declaresBody(request)) throw new HttpRefusal(400, 'INVALID_COMMAND', 'a session is opened without a body')
  const leftMs = await leader.whenLed(timeoutMs, signal)
  const session = await replica.openSession(nonce, { timeoutMs: leftMs, signal })
  answer.json(200, { session }, leader.hint)
}
