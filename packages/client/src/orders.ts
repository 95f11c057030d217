import { addressSchema, QuorateError, type AbortSignalLike, type Called } from '@quorate/contracts'
import { toExactJson } from '@quorate/machine'
import { closedSession, memberStatus, openedSession, resultOf, type OpenedSession } from './answers.js'
import type { HttpAnswer } from './http-port.js'
import type { MemberStatus } from './member-status.js'
import {
  timeoutMsMax,
  timeoutMsSchema,
  type ClientCommandOptions,
  type ClientQueryOptions,
  type ClientSettings,
  type ClientStatusOptions,
} from './options.js'
import type { HttpCall } from './http-port.js'
import type { Slot } from './sessions.js'

/** The largest command that any member takes, and the largest body that a gateway reads, in bytes. */
const commandBytesMax = 4 * 1024 * 1024
const bodyBytesMax = 8 * 1024 * 1024

/**
 * When an operation may be sent again. `freely`: twice is once and it is never in doubt, since it changes nothing.
 * `inSession`: twice is once in its place in a session. `never`: twice would be twice, unless it was refused.
 */
export type Repeats = 'freely' | 'inSession' | 'never'

/** What an errand is about. */
export interface ErrandOrder<Result> {
  /** Names it in messages: `the command "put"`. */
  readonly what: string
  readonly method: HttpCall['method']
  /** The path for an attempt that the member may take so long for, in milliseconds, in this place of a session. */
  readonly path: (timeoutMs: number, slot: Slot | null) => string
  /** JSON, or null for no body. */
  readonly body: string | null
  /** The type that a result comes as. */
  readonly accept: string
  /** Reads a result. Throws for an answer of that type that is none. */
  readonly read: (answer: HttpAnswer) => Result
  readonly repeats: Repeats
  /** It is for the cluster that the client began in, and for no other. */
  readonly isPinned: boolean
  /** Any given address may answer it, however far behind. */
  readonly mayLag: boolean
  /** The only address to ask, once; null for whoever can answer. */
  readonly address: string | null
  readonly timeoutMs: number
  readonly signal: AbortSignalLike | undefined
}

/** A command: in a session unless the client has none. */
export function commandOrder(
  settings: ClientSettings,
  called: Called,
  options: ClientCommandOptions,
): ErrandOrder<unknown> {
  const path = `/v1/commands/${encodeURIComponent(called.name)}`
  return {
    what: `the command "${called.name}"`,
    method: 'POST',
    path: (timeoutMs, slot) => `${path}?timeoutMs=${timeoutMs}${slot === null ? '' : placeOf(slot)}`,
    body: bodyOf(called),
    accept: `application/x-quorate+${settings.machine.codec}`,
    read: (answer) => resultOf(answer, called.decode),
    repeats: settings.sessions ? 'inSession' : 'never',
    isPinned: true,
    mayLag: false,
    address: null,
    ...limitsOf(settings, options),
  }
}

/** A query, linearizable unless asked otherwise. */
export function queryOrder(
  settings: ClientSettings,
  called: Called,
  options: ClientQueryOptions,
): ErrandOrder<unknown> {
  const { consistency = 'linearizable' } = options
  if (consistency !== 'linearizable' && consistency !== 'local') {
    throw new TypeError(`consistency is "linearizable" or "local", not "${String(consistency)}"`)
  }
  const path = `/v1/queries/${encodeURIComponent(called.name)}`
  return {
    what: `the query "${called.name}"`,
    method: 'POST',
    path: (timeoutMs) => `${path}?timeoutMs=${timeoutMs}&consistency=${consistency}`,
    body: bodyOf(called),
    accept: `application/x-quorate+${settings.machine.codec}`,
    read: (answer) => resultOf(answer, called.decode),
    repeats: 'freely',
    isPinned: true,
    mayLag: consistency === 'local',
    address: null,
    ...limitsOf(settings, options),
  }
}

/** A session under a nonce, which makes it one however often it is asked for. */
export function openingOrder({ timeoutMs }: ClientSettings, nonce: string): ErrandOrder<OpenedSession> {
  return {
    what: 'the opening of a session',
    method: 'POST',
    path: (attemptMs) => `/v1/sessions?nonce=${nonce}&timeoutMs=${attemptMs}`,
    body: null,
    accept: 'application/json',
    read: openedSession,
    repeats: 'freely',
    isPinned: true,
    mayLag: false,
    address: null,
    timeoutMs,
    signal: undefined,
  }
}

/** The end of a session that is needed no more. */
export function closingOrder({ closeTimeoutMs }: ClientSettings, session: string): ErrandOrder<null> {
  return {
    what: 'the end of a session',
    method: 'DELETE',
    path: (attemptMs) => `/v1/sessions?session=${session}&timeoutMs=${attemptMs}`,
    body: null,
    accept: 'application/json',
    read: closedSession,
    repeats: 'freely',
    isPinned: false,
    mayLag: false,
    address: null,
    timeoutMs: closeTimeoutMs,
    signal: undefined,
  }
}

/** A look at the status of one member. */
export function statusOrder(
  settings: ClientSettings,
  address: string | undefined,
  options: ClientStatusOptions,
): ErrandOrder<MemberStatus> {
  if (address !== undefined && !addressSchema.safeParse(address).success) {
    throw new TypeError(`"${address}" is no address of a member: use one like "127.0.0.1:8001"`)
  }
  return {
    what: 'the question for the status',
    method: 'GET',
    path: () => `/v1/status?digest=${options.digest === true}`,
    body: null,
    accept: 'application/json',
    read: memberStatus,
    repeats: 'freely',
    isPinned: false,
    mayLag: true,
    address: address ?? null,
    ...limitsOf(settings, options),
  }
}

/** The input as its caller wrote it, as JSON can say it: members check it with the machine's schema again. */
function bodyOf({ request, input }: Called): string | null {
  const body = input === undefined ? null : jsonTextOf(input)
  if (request.length > commandBytesMax || (body !== null && body.length > bodyBytesMax)) {
    const message = `the input has ${request.length} bytes, ${body?.length ?? 0} as JSON, and the limit is ${commandBytesMax}: split it`
    throw new QuorateError('COMMAND_TOO_LARGE', message)
  }
  return body
}

/** Refuses what would arrive as something else than a replica in this process is given. */
function jsonTextOf(input: unknown): string {
  try {
    return JSON.stringify(toExactJson(input, 'the input'))
  } catch (error) {
    if (error instanceof TypeError) throw new QuorateError('INVALID_COMMAND', error.message, { cause: error })
    throw error
  }
}

function placeOf(slot: Slot): string {
  return `&session=${slot.session}&sequence=${slot.sequence}&lowestUnacknowledged=${slot.lowestUnacknowledged()}`
}

function limitsOf(
  settings: ClientSettings,
  { timeoutMs = settings.timeoutMs, signal }: ClientCommandOptions,
): Pick<ErrandOrder<unknown>, 'timeoutMs' | 'signal'> {
  if (timeoutMsSchema.safeParse(timeoutMs).success) return { timeoutMs, signal }
  throw new TypeError(`timeoutMs must be a whole number of milliseconds from 1 to ${timeoutMsMax}, not ${timeoutMs}`)
}
