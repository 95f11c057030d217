import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  admitBy,
  describeError,
  LineLimit,
  type Channel,
  type Credentials,
  type NodeId,
  type TransportHost,
} from '@quorate/contracts'
import { credentialsOf, type Certificates } from '@quorate/contracts/node'
import { BodyError } from './body.js'
import { knowsToken } from './bearer.js'
import { refusalOfBrowser } from './browser-guard.js'
import { challengeOf, Challenges } from './challenges.js'
import { gather, GatheringError } from './gathering.js'
import { Inbound, type Arrival } from './inbound.js'
import type { HttpSettings } from './options.js'
import { chooseVersion, headerNames, helloBytesMax, type Place } from './wire.js'

/** What a body may have beside one frame of the maximal length. */
const gatheredBytesMax = 2 * 1024 * 1024

const noChallenge =
  'the hello answers no challenge that waits here: it was used, or is too old. Ask for another one, and send one as well'

/** Whoever has sent a request, and what its connection has proved. */
interface Caller {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly credentials: Credentials
  /** For a link: its hello has not been read yet. */
  isGreeting: boolean
}

/** The receiving half of a member: answers requests for challenges and links, and requests that bring frames for these. */
export class Doorway {
  readonly #host: TransportHost
  readonly #settings: HttpSettings
  readonly #certificates: Certificates | undefined
  readonly #onAdmitted: (peer: NodeId) => void
  /** Who waits for admission, in order of arrival. */
  readonly #callers = new Set<Caller>()
  readonly #byId = new Map<string, Inbound>()
  readonly #byPeer = new Map<NodeId, Inbound>()
  readonly #lines: LineLimit
  readonly #challenges: Challenges
  #arrivals = 0
  #closed = false

  constructor(
    host: TransportHost,
    settings: HttpSettings,
    certificates: Certificates | undefined,
    onAdmitted: (peer: NodeId) => void,
  ) {
    this.#host = host
    this.#certificates = certificates
    this.#settings = settings
    this.#lines = new LineLimit(host.environment, (from, leftOut) =>
      settings.logger.warn({ from, leftOut }, `${leftOut} more requests of ${from} were refused`),
    )
    this.#onAdmitted = onAdmitted
    const bounds = { countMax: settings.pendingConnectionsMax, lifetimeMs: settings.helloTimeoutMs }
    this.#challenges = new Challenges(host.environment, bounds)
  }

  /** Answers a request; never throws. The token has been checked. */
  answer(place: Place, request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => {})
    response.on('error', () => {})
    const browser = refusalOfBrowser(request)
    if (browser !== null) return this.#refuse(response, browser.status, browser.reason)
    if (request.method !== 'POST') return refuse(response, 405, 'only POST is answered here')
    if (this.#closed) return refuse(response, 503, 'this member has closed')
    if (request.readableEnded) {
      const reason = 'the body has been read by something before the handler: mount it before any parser of bodies'
      return this.#refuse(response, 500, reason)
    }
    const credentials = this.#credentialsOf(request)
    if (this.#settings.tls && credentials.how !== 'mutualTls') {
      const reason = 'the option tls asks for a certificate, and this connection has shown none that was checked'
      return this.#refuse(response, 403, reason)
    }
    if (place === 'challenge') return this.#giveChallenge(request, response)
    const caller = { request, response, credentials, isGreeting: true }
    const work = place === 'link' ? this.#onCaller(caller) : this.#onFrames(place, caller)
    work.catch((error: unknown) => {
      if (!(error instanceof GatheringError)) throw error
      if (error.why === 'too long') this.#refuse(response, 413, error.message)
      else response.destroy()
    })
  }

  close(): void {
    this.#closed = true
    this.#lines.close()
    for (const { response } of this.#callers) response.destroy()
    for (const inbound of [...this.#byId.values()]) inbound.close()
  }

  /** Whoever asks may be a stranger: the connection ends, and nothing of the request is read. */
  #giveChallenge(request: IncomingMessage, response: ServerResponse): void {
    const chosen = chooseVersion(headerOf(request, headerNames.versions))
    if ('refuse' in chosen) return this.#refuse(response, 400, chosen.refuse)
    const body = this.#challenges.give()
    const headers = { 'content-type': 'text/plain', 'cache-control': 'no-store', connection: 'close' }
    response.writeHead(200, { ...headers, 'content-length': body.length }).end(body)
  }

  async #onCaller(caller: Caller): Promise<void> {
    const ordinal = (this.#arrivals += 1)
    const { helloTimeoutMs, pendingConnectionsMax } = this.#settings
    const cancel = this.#host.environment.setTimer(helloTimeoutMs, () => {
      this.#refuse(caller.response, 408, `${caller.isGreeting ? 'no hello' : 'no decision'} for ${helloTimeoutMs} ms`)
    })
    this.#callers.add(caller)
    if (this.#callers.size > pendingConnectionsMax) this.#makeRoom(caller)
    try {
      await this.#admit(caller, ordinal)
    } finally {
      cancel()
      this.#callers.delete(caller)
    }
  }

  async #admit(caller: Caller, ordinal: number): Promise<void> {
    const { request, response, credentials } = caller
    const chosen = chooseVersion(headerOf(request, headerNames.versions))
    if ('refuse' in chosen) return this.#refuse(response, 400, chosen.refuse)
    const challenge = this.#challenges.take(headerOf(request, headerNames.answers))
    const theirs = challengeOf(headerOf(request, headerNames.challenge))
    if (challenge === null || theirs === null) return this.#refuse(response, 403, noChallenge)
    const hello = await gather(request, helloBytesMax)
    caller.isGreeting = false
    if (isOver(response)) return
    const admitted = await admitBy(this.#host, hello, credentials, challenge)
    if (isOver(response) || this.#closed) return
    if ('refuse' in admitted) return this.#refuse(response, 403, admitted.refuse)
    const arrival = { peer: admitted.peer, ordinal, id: this.#drawId(), credentials }
    this.#open(arrival, theirs, response, chosen.version)
  }

  /**
   * A newer link takes the place of the older one before its dialler may send: otherwise frames that the older one still
   * brings would come after newer ones. Newer is who asked later, however long the host took to decide.
   */
  #open(arrival: Arrival, challenge: Uint8Array, response: ServerResponse, version: number): void {
    const { peer, ordinal, id } = arrival
    const present = this.#byPeer.get(peer)
    if (present && present.ordinal > ordinal) return this.#refuse(response, 409, 'a newer link took its place')
    let hello: Uint8Array
    try {
      hello = this.#host.hello(challenge, peer)
    } catch (error) {
      return this.#refuse(response, 500, describeError(error))
    }
    present?.close()
    const inbound = new Inbound(this.#host, response, arrival, () => {
      this.#byId.delete(id)
      if (this.#byPeer.get(peer) === inbound) this.#byPeer.delete(peer)
    })
    this.#byId.set(id, inbound)
    this.#byPeer.set(peer, inbound)
    inbound.open(hello, version, this.#settings.beatIntervalMs)
    this.#onAdmitted(peer)
  }

  async #onFrames(channel: Channel, { request, response, credentials }: Caller): Promise<void> {
    const { frameBytesMax, postTimeoutMs } = this.#settings
    const inbound = this.#byId.get(headerOf(request, headerNames.link) ?? '')
    const number = Number(headerOf(request, headerNames.number))
    if (!inbound) return refuse(response, 410, 'there is no such link')
    if (!inbound.isOf(credentials)) return this.#refuse(response, 403, 'the link was opened by somebody else')
    if (!Number.isSafeInteger(number) || !inbound.begin(channel, number, request)) {
      return refuse(response, 409, 'a newer body has been begun')
    }
    const cancel = this.#host.environment.setTimer(postTimeoutMs, () => request.destroy())
    try {
      const body = await gather(request, frameBytesMax + gatheredBytesMax)
      if (!inbound.deliver(channel, number, body, frameBytesMax)) return refuse(response, 410, 'the link has ended')
      if (!isOver(response)) response.writeHead(204).end()
    } catch (error) {
      if (!(error instanceof BodyError)) throw error
      this.#refuse(response, 400, error.message)
      inbound.close()
    } finally {
      cancel()
    }
  }

  /** Whoever has waited longest with its hello makes room: members need milliseconds for theirs. */
  #makeRoom(newest: Caller): void {
    let unwanted = newest
    for (const caller of this.#callers) {
      if (!caller.isGreeting) continue
      unwanted = caller
      break
    }
    this.#callers.delete(unwanted)
    this.#refuse(unwanted.response, 503, 'too many requests wait for admission')
  }

  #credentialsOf(request: IncomingMessage): Credentials {
    const proved = this.#certificates?.credentialsOf(request.socket) ?? credentialsOf(request.socket)
    return proved.how === 'none' && this.#settings.token !== undefined ? { name: null, how: 'bearer' } : proved
  }

  #drawId(): string {
    return Buffer.from(this.#host.environment.randomBytes(16)).toString('hex')
  }

  #refuse(response: ServerResponse, status: number, reason: string): void {
    if (isOver(response)) return
    const { remoteAddress = 'somebody', remotePort = 0 } = response.req.socket
    const from = `${remoteAddress}:${remotePort}`
    if (this.#lines.take(remoteAddress)) {
      this.#settings.logger.warn({ from, status, reason }, `a request was refused: ${reason}`)
    }
    refuse(response, status, reason)
  }
}

/** Whether a request has the token. Without it the answer is 401 and nothing else, whatever was asked for. */
export function isWelcome(settings: HttpSettings, request: IncomingMessage, response: ServerResponse): boolean {
  if (knowsToken(request.headers.authorization, settings.token)) return true
  if (isOver(response)) return false
  response.writeHead(401, { 'content-length': 0, connection: 'close', 'www-authenticate': 'Bearer' }).end()
  return false
}

/** Answers with a reason, and ends the connection: what is left of the body is not worth reading. */
export function refuse(response: ServerResponse, status: number, reason: string): void {
  if (isOver(response)) return
  const body = Buffer.from(reason)
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length, connection: 'close' }
  response.writeHead(status, headers).end(body)
}

function isOver(response: ServerResponse): boolean {
  return response.headersSent || response.destroyed
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
