/// <reference types="node" preserve="true" />
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describeError, parseOptions, QuorateError } from '@quorate/contracts'
import { Answer } from './answer.js'
import { PendingBytes } from './body.js'
import { checkBrowser } from './browser-guard.js'
import { ClientGuard } from './client-guard.js'
import { clusterHeader } from './cluster.js'
import { Connections } from './connections.js'
import { answerHealth, answerMetricsWith, answerReadiness, answerStatus } from './health.js'
import { LeaderWatch } from './leader-watch.js'
import type { GatewayLoad } from './load-text.js'
import { OpeningLimits } from './opening-limits.js'
import { ServedOperations } from './operations.js'
import { httpHandlerOptionsSchema, type HandlerSettings, type HttpHandlerOptions } from './options.js'
import { failureOf, HttpRefusal, unexpected } from './refusal.js'
import { answerClosing, answerOpening } from './sessions.js'

/**
 * Answers one request; never throws and never rejects. A request that is none of its own goes to `next`, which Connect and
 * Express give to what is mounted in them; without it the answer is 404.
 */
export type HttpListener = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void

/**
 * Commands, queries, sessions and health of one member, as a listener for any server of `node:http`: mount it at the root,
 * before whatever reads bodies. It leaves limits of the connection to the server.
 */
export function httpHandler(given: HttpHandlerOptions): HttpListener {
  const settings = parseOptions(httpHandlerOptionsSchema, given, 'the options of httpHandler')
  return handlerOf(settings, Infinity).listener
}

/** A handler, and what lets go of the replica when nothing is to be answered any more. */
export interface Handler {
  readonly listener: HttpListener
  readonly close: () => void
}

/** The handler of options that were checked. A connection with more than `requestsMax` unanswered requests is ended. */
export function handlerOf(settings: HandlerSettings, requestsMax: number): Handler {
  const { answerTimeoutMs: timeoutMs, logger } = settings
  const leader = new LeaderWatch(settings)
  const guard = new ClientGuard(settings)
  const limits = new OpeningLimits(settings)
  const bodies = new PendingBytes(settings.pendingBytesMax)
  const operations = new ServedOperations(settings, bodies, leader)
  const pending = new PendingBytes(settings.pendingAnswerBytesMax)
  const connections = new Connections(requestsMax)
  const load = (): GatewayLoad => ({
    requests: connections.requests,
    waiting: leader.waiting,
    bodyBytes: bodies.held,
    answerBytes: pending.held,
  })
  const headers = clusterHeader(settings.replica)
  const listener: HttpListener = (request, response, next) => {
    if (request.socket.destroyed) return
    if (next !== undefined && !isOwn(splitUrl(request).path)) return next()
    const gone = connections.admit(request, response)
    if (gone === null) {
      logger.warn({ requestsMax }, 'a connection was ended: it has too many requests that were not answered yet')
      return void request.socket.destroy()
    }
    const answer = new Answer(request, response, { timeoutMs, pending, gone, headers })
    route({ settings, guard, leader, limits, operations, load }, request, answer, gone).catch((error: unknown) => {
      answerError(settings, leader, request, answer, error)
    })
  }
  const close = (): void => {
    leader.close()
    guard.close()
  }
  return { listener, close }
}

const operationPath = /^\/v1\/(commands|queries)\/([^/]+)$/
const otherPaths: readonly string[] = ['/v1/sessions', '/healthz', '/readyz', '/metrics', '/v1/status']

function isOwn(path: string): boolean {
  return otherPaths.includes(path) || operationPath.test(path)
}

/** What answers requests. */
interface Served {
  readonly settings: HandlerSettings
  readonly guard: ClientGuard
  readonly leader: LeaderWatch
  readonly limits: OpeningLimits
  readonly operations: ServedOperations
  readonly load: () => GatewayLoad
}

async function route(
  { settings, guard, leader, limits, operations, load }: Served,
  request: IncomingMessage,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  guard.check(request)
  checkBrowser(request, { hostNames: settings.hostNames, members: leader.members })
  const { path, search } = splitUrl(request)
  const [, kind, name] = operationPath.exec(path) ?? []
  const isOperation = (kind === 'commands' || kind === 'queries') && name !== undefined
  if (isOperation) {
    checkMethod(request, ['POST'])
    return operations.serve({ kind, name, search, request, answer, signal })
  }
  if (path === '/v1/sessions') {
    checkMethod(request, ['POST', 'DELETE'])
    const session = { search, request, answer, signal }
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
  await answerPath(settings.replica, search, answer)
}

function answerError(
  settings: HandlerSettings,
  leader: LeaderWatch,
  request: IncomingMessage,
  answer: Answer,
  thrown: unknown,
): void {
  if (thrown instanceof HttpRefusal) return answer.failure(thrown)
  const error = thrown instanceof QuorateError ? thrown : unexpected(thrown, 'notDone')
  if (error.code === 'INTERNAL') {
    const { method, url } = request
    settings.logger.error({ method, url, error: describeError(error.cause) }, 'a request failed unexpectedly')
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
