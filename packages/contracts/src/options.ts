import { z } from 'zod'
import type { Environment } from './environment.js'
import { QuorateError } from './errors.js'
import { guardedLogger, type Logger } from './logger.js'
import { isNodeId, type NodeId } from './units.js'

/** A member's name. */
export const nodeIdSchema = z
  .string()
  .refine((text): text is NodeId => isNodeId(text), { error: 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ -' })

const addressPattern = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/

/** `host:port`, in ASCII; an IPv6 host stands in brackets. */
export const addressSchema = z.string().refine((text) => Number(addressPattern.exec(text)?.[2] ?? Infinity) <= 65_535, {
  error: ({ input }) =>
    addressPattern.test(String(input)) ? 'has a port above 65535' : 'must be an address like "127.0.0.1:7001"',
})

/** A duration in whole milliseconds, from 1 to 2^31-1: Node's timers fire at once when they are told more. */
export const durationMsSchema = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)

/** A size in whole bytes, at least 1. */
export const bytesSchema = z.int().min(1)

/** What `typeof` says of a member of this type. */
type KindOf<Member> = Member extends (...given: never) => unknown
  ? 'function'
  : Member extends string
    ? 'string'
    : 'object'

/**
 * A port, passed on as it is given: an object with these members, each of the kind that `typeof` says. What it lacks is
 * named in the message, since a wrong import is the usual mistake: `must be a storage: open is missing`.
 */
export function portSchema<Port>(
  what: string,
  kinds: { readonly [Name in keyof Port & string]?: KindOf<Port[Name]> },
): z.ZodType<Port, Port> {
  const missing = (value: unknown): string[] =>
    Object.entries(kinds)
      .filter(([name, kind]) => typeof value !== 'object' || value === null || typeof Reflect.get(value, name) !== kind)
      .map(([name]) => name)
  return z.custom<Port>((value) => missing(value).length === 0, {
    error: (issue) => `must be ${what}: ${missing(issue.input).join(', ')} is missing`,
  })
}

/** The option for time and dice. */
export const environmentSchema = portSchema<Environment>('an environment', {
  monotonicMs: 'function',
  wallMs: 'function',
  setTimer: 'function',
  yieldTurn: 'function',
  randomBytes: 'function',
})

/** The option for a logger, which may fail without stopping anything. */
export const loggerSchema = portSchema<Logger>('a logger with pino’s methods', {
  debug: 'function',
  info: 'function',
  warn: 'function',
  error: 'function',
}).transform(guardedLogger)

/**
 * Checks options against their schema, or throws one `INVALID_OPTIONS` that lists every problem with its path.
 * `what` names the options in the message: `createReplica options`.
 */
export function parseOptions<Schema extends z.ZodType>(schema: Schema, given: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const error = new QuorateError('INVALID_OPTIONS', `${what} cannot be used:\n${z.prettifyError(parsed.error)}`)
  throw error
}

/** Splits `host:port`; the brackets of an IPv6 host are taken off. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon)
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(address.slice(colon + 1)) }
}
