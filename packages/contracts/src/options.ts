import { z } from 'zod'
import { QuorateError } from './errors.js'
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

/** A duration in whole milliseconds, at least 1. */
export const durationMsSchema = z.int().min(1)

/** A size in whole bytes, at least 1. */
export const bytesSchema = z.int().min(1)

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
