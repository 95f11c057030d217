import { describeError } from '../errors.js'
import type { LinkEnding } from '../peer-links.js'

/** A refused connection means that the machine answers and that no process listens there (decision D41). */
export function endingOf(error: Error, address: string): LinkEnding {
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  const codes = causes.map((cause) => (cause instanceof Error && 'code' in cause ? cause.code : undefined))
  if (codes.every((code) => code === 'ECONNREFUSED')) {
    return { state: 'gone', reason: `nobody listens on ${address}` }
  }
  return { state: 'down', reason: `${address}: ${causes.map(describeError).join(', ')}` }
}
