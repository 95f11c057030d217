import type { IncomingMessage } from 'node:http'
import { declaresBody, type Answer } from './answer.js'
import { checkCluster } from './cluster.js'
import type { Client } from './client-addresses.js'
import type { LeaderWatch } from './leader-watch.js'
import type { OpeningLimits } from './opening-limits.js'
import type { ServedReplica } from './options.js'
import { closingParameters, openingParameters, parseParameters } from './parameters.js'
import { HttpRefusal } from './refusal.js'
import { tokenOfHandle } from './session-token.js'

/** A request to open a session, or to end one. */
export interface SessionRequest {
  readonly search: string
  readonly client: Client
  readonly request: IncomingMessage
  readonly answer: Answer
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** Opens a session for a caller that counts its commands (decision D11), and answers with what names it. */
export async function answerOpening(
  replica: ServedReplica,
  leader: LeaderWatch,
  limits: OpeningLimits,
  { search, client, request, answer, signal }: SessionRequest,
): Promise<void> {
  const { timeoutMs, nonce, cluster } = parseParameters(openingParameters, search)
  checkHasNoBody(request)
  checkCluster(replica, cluster)
  const leftMs = await leader.whenLed(timeoutMs, client, signal)
  limits.check(client)
  const session = await replica.openSession(nonce, { timeoutMs: leftMs, signal })
  answer.json(200, { session: tokenOfHandle(session), cluster: session.clusterId }, leader.hint)
}

/** Ends a session whose caller needs it no more. One that is not there has ended. */
export async function answerClosing(
  replica: ServedReplica,
  leader: LeaderWatch,
  { search, client, request, answer, signal }: SessionRequest,
): Promise<void> {
  const { timeoutMs, session } = parseParameters(closingParameters, search)
  checkHasNoBody(request)
  checkCluster(replica, session.clusterId)
  const leftMs = await leader.whenLed(timeoutMs, client, signal)
  await replica.closeSession(session, { timeoutMs: leftMs, signal })
  answer.json(200, {}, leader.hint)
}

function checkHasNoBody(request: IncomingMessage): void {
  if (declaresBody(request))
    throw new HttpRefusal(400, 'INVALID_COMMAND', 'a session is opened and ended without a body')
}
