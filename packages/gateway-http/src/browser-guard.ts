import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { HttpRefusal } from './refusal.js'

/**
 * Refuses what only a browser sends on behalf of a page from elsewhere: such a page may post to any address that its
 * reader's machine can reach, this member's included.
 *
 * Browsers name the page's origin in every post (403 unless it is this address). A page whose own name was made to
 * point at a loopback address would pass that: so on loopback, the name in `Host` has to be one that belongs there (421).
 */
export function checkBrowser(request: IncomingMessage, hostNames: readonly string[]): void {
  const { host = '', origin } = request.headers
  if (origin !== undefined && hostOfOrigin(origin) !== host.toLowerCase()) {
    throw new HttpRefusal(403, 'UNSUPPORTED', `pages of ${origin} may not send requests to this member`)
  }
  if (!isLoopback(request.socket.localAddress)) return
  const name = host.replace(/:\d*$/, '').toLowerCase()
  const isLocal = name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0
  if (!isLocal && !hostNames.includes(name)) {
    const message = `requests under the name "${name}" are not served here: add it to the option hostNames of the gateway`
    throw new HttpRefusal(421, 'UNSUPPORTED', message)
  }
}

function hostOfOrigin(origin: string): string | null {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? null
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address)
}
