/// <reference types="node" preserve="true" />
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describeError, parseOptions, QuorateError } from '@quorate/contracts'
import { Answer } from './answer.js'
import { checkBrowser } from './browser-guard.js'
import { ClientAddresses, type Client } from './client-addresses.js'
import { ClientLines } from './client-lines.js'
import { ClientGuard } from './client-guard.js'
import { clusterHeader } from './cluster.js'
import { Connections } from './connections.js'
import { answerHealth, answerMetricsWith, answerReadiness, answerStatus } from './health.js'
import { LeaderWatch } from './leader-watch.js'
import type { GatewayLoad } from './load-text.js'
import { OpeningLimits } from './opening-limits.js'
import { ServedOperations } from './operations.js'
import { httpHandlerOptionsSchema, type HandlerSettings, type HttpHandlerOptions } from './options.js'
import type { ClientQuota } from './quota.js'
import { quotasOf } from './quotas.js'
import { failureOf, HttpRefusal, unexpected } from './refusal.js'
import { answerClosing, answerOpening } from './sessions.js'
import { TurnBudget } from './turn-budget.js'

/**
 * Answers one request; never throws and never rejects. A request that is none of its own goes to `next`, which Connect and
 * Express give to what is mounted in them; without it the answer is 404.
 */
export type HttpListener = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void

/**
 * Commands, queries, sessions and health of one member, as a listener for any server of `node:http`: mount it at the root,
 * before whatever reads bodies. It leaves limits of connections to the server, other than `connectionRequestsMax`.
 */
export function httpHandler(given: HttpHandlerOptions): HttpListener {
  const settings = parseOptions(httpHandlerOptionsSchema, given, 'the options of httpHandler')
  return handlerOf(settings).listener
}

/** A handler, and what lets go of the replica when nothing is to be answered any more. */
export interface Handler {
  readonly listener: HttpListener
  readonly clients: ClientAddresses
  readonly lines: ClientLines
  readonly close: () => void
}

/** The handler of options that were checked. A connection with too many unanswered requests is ended. */
export function handlerOf(settings: HandlerSettings): Handler {
  const { answerTimeoutMs: timeoutMs, connectionRequestsMax } = settings
  const leader = new LeaderWatch(settings)
  const limits = new OpeningLimits(settings)
  const quotas = quotasOf(settings)
  const turns = new TurnBudget(settings.environment)
  const operations = new ServedOperations(settings, quotas.bodies, leader, turns)
  const connections = new Connections(connectionRequestsMax)
  const clients = new ClientAddresses(settings)
  const lines = new ClientLines(settings)
  const guard = new ClientGuard(settings, lines)
  const load = (): GatewayLoad => ({
    requests: connections.requests,
    waiting: leader.waiting,
    bodyBytes: quotas.bodies.held,
    answerBytes: quotas.answers.held + quotas.statusAnswers.held,
  })
  const served = { settings, leader, limits, operations, turns, load, lines }
  const headers = clusterHeader(settings.replica)
  const listener: HttpListener = (request, response, next) => {
    if (request.socket.destroyed) return
    const { path, search } = splitUrl(request)
    if (next !== undefined && !isOwn(path)) return next()
    const client = clients.of(request, search)
    const gone = connections.admit(request, response)
    if (gone === null) {
      lines.warn(
        client.network,
        'a connection was ended: it has more requests without an answer than connectionRequestsMax',
      )
      stopParsing(request.socket)
      return void request.socket.destroy()
    }
    const isOfStatus = statusPaths.includes(path)
    const pending = (isOfStatus ? quotas.statusAnswers : quotas.answers).of(client)
    const answer = new Answer(request, response, { timeoutMs, pending, gone, headers })
    const serve = async (): Promise<void> => {
      guard.check(request, client.network)
      if (!isOfStatus) takeRequest(quotas.requests.of(client), gone)
      await route(served, client, request, answer, gone)
    }
    serve().catch((error: unknown) => answerError(served, client, request, answer, error))
  }
  const close = (): void => {
    leader.close()
    lines.close()
  }
  return { listener, clients, lines, close }
}

/**
 * A destroyed socket is read no more, but of what was read Node.js still makes all requests, up to 1,600 of them, and an error
 * with a stack for each. Where its parser tells of a request is no documented part of Node.js: if it is elsewhere in another
 * version, this changes nothing, and the requests are made and left alone.
 */
function stopParsing(socket: object): void {
  const { parser } = socket as { readonly parser?: { onIncoming?: unknown } | null }
  if (typeof parser?.onIncoming === 'function') parser.onIncoming = () => 0
}

/** Throws `OVERLOADED` while others, or others of this client, have as many requests under way as they may. */
function takeRequest(requests: ClientQuota, gone: AbortSignal): void {
  if (!requests.take(1)) {
    const message = 'as many requests are under way here as may be, or of your address: try again shortly'
    throw new HttpRefusal(503, 'OVERLOADED', message, { 'retry-after': '1' })
  }
  gone.addEventListener('abort', () => requests.give(1), { once: true })
}

const operationPath = /^\/v1\/(commands|queries)\/([^/]+)$/
/** What tells how the member is: it is answered whatever requests are under way. */
const statusPaths: readonly string[] = ['/healthz', '/readyz', '/metrics', '/v1/status']

function isOwn(path: string): boolean {
  return path === '/v1/sessions' || statusPaths.includes(path) || operationPath.test(path)
}

/** What answers requests. */
interface Served {
  readonly settings: HandlerSettings
  readonly leader: LeaderWatch
  readonly limits: OpeningLimits
  readonly operations: ServedOperations
  readonly turns: TurnBudget
  readonly load: () => GatewayLoad
  readonly lines: ClientLines
}

async function route(
  { settings, leader, limits, operations, turns, load }: Served,
  client: Client,
  request: IncomingMessage,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  checkBrowser(request, { hostNames: settings.hostNames, members: leader.members })
  const { path, search } = splitUrl(request)
  const [, kind, name] = operationPath.exec(path) ?? []
  const isOperation = (kind === 'commands' || kind === 'queries') && name !== undefined
  if (isOperation) {
    checkMethod(request, ['POST'])
    return operations.serve({ kind, name, search, client, request, answer, signal })
  }
  if (path === '/v1/sessions') {
    checkMethod(request, ['POST', 'DELETE'])
    const session = { search, client, request, answer, signal }
    if (request.method === 'POST') return answerOpening(settings.replica, leader, limits, session)
    return answerClosing(settings.replica, leader, session)
  }
  const answerPath = new Map([
    ['/healthz', answerHealth],
    ['/readyz', answerReadiness],
    ['/metrics', answerMetricsWith(load)],
    ['/v1/status', answerStatus],
  ]).get(path)
  if (!answerPath) throw new HttpRefusal(404, 'UNSUPPORTED', `there is nothing at ${path}`)
  checkMethod(request, ['GET', 'HEAD'])
  await turns.run(client.network, () => answerPath(settings.replica, search, answer))
}

function answerError(
  { leader, lines }: Pick<Served, 'leader' | 'lines'>,
  { network }: Client,
  request: IncomingMessage,
  answer: Answer,
  thrown: unknown,
): void {
  if (thrown instanceof HttpRefusal) return answer.failure(thrown)
  const error = thrown instanceof QuorateError ? thrown : unexpected(thrown, 'notDone')
  if (error.code === 'INTERNAL') {
    const { method, url } = request
    lines.mistake(network, { method, url, error: describeError(error.cause) })
  }
  const base = 'encrypted' in request.socket ? 'https://' : 'http://'
  const failure = failureOf(error, base, request.url ?? '/')
  const headers = error.code === 'NOT_LEADER' ? { ...failure.headers, ...leader.announcement } : failure.headers
  answer.failure({ ...failure, headers })
}

function checkMethod(request: IncomingMessage, methods: readonly string[]): void {
  if (methods.includes(request.method ?? '')) return
  const allow = methods.join(', ')
  throw new HttpRefusal(405, 'UNSUPPORTED', `use ${allow} here, not ${request.method ?? 'nothing'}`, { allow })
}

function splitUrl(request: IncomingMessage): { readonly path: string; readonly search: string } {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  return mark < 0 ? { path: url, search: '' } : { path: url.slice(0, mark), search: url.slice(mark + 1) }
}
