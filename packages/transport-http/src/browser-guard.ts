import type { IncomingMessage } from 'node:http'

/** Why a request is refused before anything else of it is looked at. */
export interface BrowserRefusal {
  readonly status: 400 | 403
  readonly reason: string
}

/**
 * Whether a request is one that only a browser sends, on behalf of a page: members send neither `Origin`, which every post
 * of a page has, nor `Sec-Fetch-Site`. A page may send requests to any address that its reader's machine can reach. Two
 * `Host` headers are refused as well: whatever stands between may have judged by the other one.
 */
export function refusalOfBrowser({ headers, rawHeaders }: IncomingMessage): BrowserRefusal | null {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
    return { status: 403, reason: 'pages may not send requests to this member: only members do' }
  }
  // Node.js keeps the first of several, and does not say that there were more.
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  return hosts.length > 1 ? { status: 400, reason: 'the request has more than one Host header: send one' } : null
}
