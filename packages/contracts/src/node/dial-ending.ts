import { describeError } from '../errors.js'
import type { LinkEnding } from '../peer-links.js'

/** A refused connection means that the machine answers and that no process listens there (decision D41). */
export function endingOf(error: Error, address: string): LinkEnding {
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  const codes = causes.map((cause) => (cause instanceof Error && 'code' in cause ? cause.code : undefined))
  if (codes.every((code) => code === 'ECONNREFUSED')) {
    return { state: 'gone', reason: `nobody listens on ${address}` }
  }
  return { state: 'down', reason: `${address}: ${causes.map(inWords).join(', ')}` }
}

/** What codes of systems and of TLS mean, for whoever has to do something about it. */
const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'this name is not found',
  EAI_AGAIN: 'this name could not be looked up just now',
  EHOSTUNREACH: 'no way leads to this machine',
  ENETUNREACH: 'no way leads to this network',
  ETIMEDOUT: 'nobody answered',
  ECONNRESET:
    'the other side ended the connection, as one does that expects TLS and is spoken to without, or the other way round',
  EPROTO: 'the other side does not speak TLS as asked for here, or not at all',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS, and it is asked for here',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the other side does not speak TLS, and it is asked for here',
  ERR_TLS_CERT_ALTNAME_INVALID: "the other side shows another's certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is not of an authority that is trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is not of an authority that is trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is not of an authority that is trusted here',
  CERT_HAS_EXPIRED: 'the certificate has expired',
}

function inWords(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const meaning = meanings[code]
  return meaning === undefined ? describeError(cause) : `${meaning} (${describeError(cause)})`
}
