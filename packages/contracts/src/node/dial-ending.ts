import { describeError } from '../errors.js'
import type { LinkEnding } from '../peer-links.js'

/**
 * How far a dialled connection had come when it ended: until the other side has said who it is, an end without a word
 * hints at what it expects. `tls` and `plain` are what it was dialled with.
 */
export type DialStage = 'plain' | 'tls' | 'up'

/** A refused connection means that the machine answers and that no process listens there (decision D41). */
export function endingOf(error: Error, address: string, stage: DialStage): LinkEnding {
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  if (causes.every((cause) => codeOf(cause) === 'ECONNREFUSED')) {
    return { state: 'gone', reason: `nobody listens on ${address}` }
  }
  if (causes.some((cause) => endCodes.has(codeOf(cause))))
    return { state: 'down', reason: `${address} ${endWords[stage]}` }
  return { state: 'down', reason: `${address}: ${causes.map((cause) => causeInWords(cause)).join(', ')}` }
}

/**
 * What it means that the other side has ended a connection without a word. It is the same text whether the kernel calls
 * it an end or a reset, which differs from one time to the next.
 */
export const endWords: Readonly<Record<DialStage, string>> = {
  plain:
    'ended the connection before it said who it is, as one does that asks for TLS: give all members the option tls, or none',
  tls: 'ended the connection before it said who it is, as one does that does not accept the certificate of this member: its log says why',
  up: 'ended the connection',
}

/** What members are told to do where one speaks TLS and the other does not. */
const adviceToMembers = 'give all members the option tls, or none'

/** What is said of somebody who begins with TLS where none is spoken. */
export const speaksTls = `the other side speaks TLS, and this member does not: ${adviceToMembers}`

/**
 * Why the handshake of TLS failed with somebody who has dialled this member: its error and its socket. `advice` says what
 * to do where the other side does not speak TLS.
 */
export function strangerInWords(error: Error, socket: unknown, advice = adviceToMembers): string {
  const refused = authorizationCodeOf(socket)
  if (refused !== null) return `${meanings[refused] ?? 'its certificate is not accepted here'} (${refused})`
  if (endCodes.has(codeOf(error))) {
    return 'the other side ended the connection in its handshake, as one does that does not accept the certificate of this member'
  }
  return causeInWords(error, advice)
}

/** What an error of a socket or of TLS means, for whoever has to do something about it, and what the system calls it. */
export function causeInWords(cause: unknown, advice = adviceToMembers): string {
  const meaning = meaningOf(cause, advice)
  return meaning === undefined ? nameOf(cause) : `${meaning} (${nameOf(cause)})`
}

/**
 * True for the word of a server of TLS that a certificate was missing or was not accepted. It ends the handshake, which
 * a client of TLS 1.3 has behind it by then: what the client has sent was not read.
 */
export function isCertificateRefusal(error: unknown): boolean {
  const alert = alertOf(error)
  return alert !== null && certificateAlerts.has(alert)
}

function meaningOf(cause: unknown, advice: string): string | undefined {
  const alert = alertOf(cause)
  if (alert === 116) return 'the other side asks for a certificate, and was shown none'
  if (alert === 40) return 'the other side refused the handshake, as one does that asks for a certificate'
  if (alert !== null && certificateAlerts.has(alert)) return 'the other side does not accept the certificate shown here'
  const code = codeOf(cause)
  if (noTlsCodes.has(code)) return `the other side does not speak TLS, and it is asked for here: ${advice}`
  return meanings[code]
}

/** The number of an alert of TLS that the other side has sent (RFC 8446, section 6.2). */
function alertOf(error: unknown): number | null {
  const number = error instanceof Error ? /SSL alert number (\d+)/.exec(error.message)?.[1] : undefined
  return number === undefined ? null : Number(number)
}

/** Bad, unsupported, revoked, expired, unknown, of an unknown authority, missing. */
const certificateAlerts: ReadonlySet<number> = new Set([42, 43, 44, 45, 46, 48, 116])

const endCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])

const noTlsCodes: ReadonlySet<string> = new Set([
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
])

const otherAuthority = 'the certificate of the other side is not of an authority that is trusted here'

/** What codes of systems and of TLS mean. */
const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'this name is not found',
  EAI_AGAIN: 'this name could not be looked up just now',
  EHOSTUNREACH: 'no way leads to this machine',
  ENETUNREACH: 'no way leads to this network',
  ETIMEDOUT: 'nobody answered',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the other side shows no certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: "the other side shows another's certificate",
  CERT_SIGNATURE_FAILURE: otherAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: otherAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: otherAuthority,
  UNABLE_TO_GET_ISSUER_CERT: otherAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: otherAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: otherAuthority,
  CERT_HAS_EXPIRED: 'the certificate of the other side has expired',
  INVALID_PURPOSE: 'the certificate of the other side is not for this purpose (extendedKeyUsage)',
  CERT_NOT_YET_VALID: 'the certificate of the other side is not valid yet',
}

/** What a server's TLS has found wrong with a certificate. Node.js says only that the connection ended. */
function authorizationCodeOf(socket: unknown): string | null {
  if (typeof socket !== 'object' || socket === null || !('authorizationError' in socket)) return null
  // The declarations call it an error, and it is a code.
  const found: unknown = socket.authorizationError
  return typeof found === 'string' ? found : found instanceof Error ? codeOf(found) || found.message : null
}

/** OpenSSL's own text names a thread and a line of its source, which nobody can use. */
function nameOf(cause: unknown): string {
  const text = describeError(cause)
  return /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(text)?.[1] ?? text.trimEnd()
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
