import { createHash, timingSafeEqual } from 'node:crypto'

const scheme = 'Bearer '

/** The header that proves that this member knows the token; nothing without one. */
export function authorizationOf(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: scheme + token }
}

/**
 * Whether a request knows the token. It takes as long for a wrong one whatever the first wrong letter is, since digests
 * are compared, and those in constant time.
 */
export function knowsToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true
  const given = authorization?.startsWith(scheme) ? authorization.slice(scheme.length) : ''
  return timingSafeEqual(digestOf(given), digestOf(token))
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
