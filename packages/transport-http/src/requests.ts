import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { refusePromise, type NodeId } from '@quorate/contracts'
import type { Certificates } from '@quorate/contracts/node'
import { authorizationOf } from './bearer.js'
import type { HttpSettings } from './options.js'

/** An idle connection is given up a little before Node.js' servers end theirs. */
const idleSocketMs = 4_000

/** What a request tells whoever has started it: one of the two, once its connection is there. */
export interface RequestEvents {
  /** The peer listens: the body may be written. */
  onPeer(request: ClientRequest): void
  /** Somebody else does, and was told nothing. Says what is wrong with them. */
  onStranger(what: string): void
}

/** Makes the requests of one link to one peer. Their connections are its own, so that the first one is a new one, and end with it. */
export class Requests {
  readonly #base: URL
  readonly #peer: NodeId
  readonly #settings: HttpSettings
  readonly #certificates: Certificates | undefined
  readonly #agent: HttpAgent

  constructor(base: URL, peer: NodeId, settings: HttpSettings, certificates: Certificates | undefined) {
    this.#base = base
    this.#peer = peer
    this.#settings = settings
    this.#certificates = certificates
    const options = { keepAlive: true, timeout: idleSocketMs }
    // A connection that resumes the session of another one is shown no certificate: each makes a handshake of its own.
    const sessions = certificates ? { maxCachedSessions: 0 } : {}
    this.#agent = base.protocol === 'https:' ? new HttpsAgent({ ...options, ...sessions }) : new HttpAgent(options)
  }

  /**
   * Starts a POST to a path below the peer's base, on a connection that is kept for the next one. Nothing of it leaves
   * before `onPeer` writes its body. Throws what the option `request` throws.
   */
  post(path: string, headers: OutgoingHttpHeaders, events: RequestEvents): ClientRequest {
    const { token, request: given } = this.#settings
    const url = new URL(this.#base)
    url.pathname = this.#base.pathname.replace(/\/$/, '') + path
    const start = given ?? (url.protocol === 'https:' ? httpsRequest : httpRequest)
    const request = start(url, {
      method: 'POST',
      agent: this.#agent,
      headers: { ...headers, ...authorizationOf(token) },
      // The name in the certificate is compared with the member that is wanted, not with the name of the machine.
      ...(this.#certificates && { ...this.#certificates.current(), checkServerIdentity: () => undefined }),
    })
    refusePromise(request, 'the option request')
    request.once('socket', (socket) => {
      const onReady = (): void => {
        if (request.destroyed) return
        const problem = this.#problemOf(socket)
        if (problem === null) events.onPeer(request)
        else events.onStranger(problem)
      }
      const awaited = awaitedOn(socket)
      if (awaited === null) onReady()
      else socket.once(awaited, onReady)
    })
    return request
  }

  close(): void {
    this.#agent.destroy()
  }

  /** With certificates, every connection has to prove the name of the peer: the first one says nothing about the next. */
  #problemOf(socket: Socket): string | null {
    if (!this.#certificates) return null
    const { how, name } = this.#certificates.credentialsOf(socket)
    if (how !== 'mutualTls') {
      return 'proves nothing, and the option tls asks for a certificate: peerUrl and request have to lead there with https, and check it'
    }
    return name === this.#peer ? null : `shows a certificate for "${name ?? 'nobody'}", and ${this.#peer} is wanted`
  }
}

/** What a connection still has to go through. TLS within a tunnel begins when that is connected already. */
function awaitedOn(socket: Socket): 'connect' | 'secureConnect' | null {
  if (!(socket instanceof TLSSocket)) return socket.connecting ? 'connect' : null
  return socket.authorized || Boolean(socket.authorizationError) ? null : 'secureConnect'
}
