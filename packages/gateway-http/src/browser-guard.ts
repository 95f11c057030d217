import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { cutText, type Members } from '@quorate/contracts'
import { HttpRefusal } from './refusal.js'

/** Longest name or origin that a refusal repeats, in characters. */
const shownCharactersMax = 200

/** What the guard knows of the names under which this member is reached. */
export interface KnownNames {
  /** Names that were given, in lower case. */
  readonly hostNames: readonly string[]
  /** Members of the cluster: the names of their client addresses are known too. */
  readonly members: Members
}

/**
 * Refuses what only a browser sends on behalf of a page from elsewhere: such a page may send requests to any address that
 * its reader's machine can reach, this member's included.
 *
 * Browsers say that a request comes from another site (403), reads included, and name the page's origin in every post (403
 * unless it is this address). A page whose own name was made to point at this member would pass both: so the name in `Host`
 * has to be one that is known (421), on every address. Two `Host` headers are refused (400): whatever stands between may
 * have judged by the other one.
 */
export function checkBrowser(request: IncomingMessage, known: KnownNames): void {
  checkSingleHost(request.rawHeaders)
  const { host = '', origin, 'sec-fetch-site': site } = request.headers
  if (site === 'cross-site') {
    throw new HttpRefusal(403, 'UNSUPPORTED', 'pages of other sites may not send requests to this member')
  }
  if (origin !== undefined && hostOfOrigin(origin) !== host.toLowerCase()) {
    const message = `pages of ${cutText(origin, shownCharactersMax)} may not send requests to this member`
    throw new HttpRefusal(403, 'UNSUPPORTED', message)
  }
  const name = nameOf(host)
  if (isKnown(name, known)) return
  const message = `requests under the name "${cutText(name, shownCharactersMax)}" are not served here: add it to the option hostNames of the gateway`
  throw new HttpRefusal(421, 'UNSUPPORTED', message)
}

/** Node.js keeps the first of several, and does not say that there were more. */
function checkSingleHost(rawHeaders: readonly string[]): void {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === 'host') count += 1
  if (count > 1) throw new HttpRefusal(400, 'UNSUPPORTED', 'the request has more than one Host header: send one')
}

/** A page cannot be loaded under an address in digits that is not the one that it was loaded from. */
function isKnown(name: string, { hostNames, members }: KnownNames): boolean {
  if (name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0 || hostNames.includes(name)) return true
  return members.some(({ clientAddress }) => clientAddress !== null && nameOf(clientAddress) === name)
}

function nameOf(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase()
}

function hostOfOrigin(origin: string): string | null {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? null
}
