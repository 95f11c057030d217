/// <reference types="node" preserve="true" />
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  addressSchema,
  parseOptions,
  PeerLinks,
  seededRandom,
  type Channel,
  type DialledLink,
  type NodeId,
  type RunningTransport,
  type Transport,
  type TransportHost,
} from '@quorate/contracts'
import { Certificates } from '@quorate/contracts/node'
import { Doorway, isWelcome, refuse } from './doorway.js'
import { linkTo } from './link.js'
import { httpTransportOptionsSchema, type HttpSettings, type HttpTransportOptions } from './options.js'
import type { Surroundings } from './outgoing.js'
import { OwnServer } from './own-server.js'
import { placeOf } from './wire.js'

/** Answers one request, or passes it on with `next` if it is none of ours. Never throws. */
export type HttpHandler = (
  request: IncomingMessage & { readonly originalUrl?: string },
  response: ServerResponse,
  next?: () => void,
) => void

/** A transport over HTTP, and the handler with which it can be mounted in a server that is there already. */
export interface HttpTransport extends Transport {
  readonly handler: HttpHandler
}

/**
 * Frames over HTTP, for networks where nothing else passes. Each member asks each for a link, and frames leave in
 * requests of their own (decision D32).
 *
 * It has a server of its own unless it is `mounted`: then `handler` answers in whatever server it is mounted in, and is
 * the half of the one member that was started last. Options throw `INVALID_OPTIONS`; `start` throws `ADDRESS_IN_USE`
 * when another process listens there, and `INVALID_OPTIONS` when this machine has no such address.
 */
export function httpTransport(options: HttpTransportOptions = {}): HttpTransport {
  const settings = parseOptions(httpTransportOptionsSchema, options, 'httpTransport options')
  const certificates = settings.tls && new Certificates(settings.tls, settings.logger)
  let mounted: HttpEndpoint | undefined
  return {
    handler: (request, response, next) => {
      const place = placeOf(request.originalUrl ?? request.url ?? '/', settings.path)
      if (place === null && next) return next()
      if (!isWelcome(settings, request, response)) return
      if (place === null) refuse(response, 404, 'there is nothing here')
      else if (mounted) mounted.doorway.answer(place, request, response)
      else refuse(response, 503, 'this member has not started')
    },
    start: async (host) => {
      const endpoint = new HttpEndpoint(host, settings, certificates)
      if (settings.mounted) mounted = endpoint
      else
        await endpoint.listen(parseOptions(addressSchema, settings.listen ?? host.address, 'the address to listen on'))
      return endpoint
    },
  }
}

/** One member on the network: the links that it asks for, and the doorway that others come in by. */
class HttpEndpoint implements RunningTransport {
  readonly doorway: Doorway
  readonly #surroundings: Surroundings
  readonly #links: PeerLinks<DialledLink>
  #server: OwnServer | undefined
  #address: string
  #closing: Promise<void> | undefined

  constructor(host: TransportHost, settings: HttpSettings, certificates: Certificates | undefined) {
    const random = seededRandom(host.environment.randomBytes(16))
    this.#surroundings = { host, settings, certificates, random }
    this.#links = new PeerLinks(host.self, (peer, address) => linkTo(this.#surroundings, peer, address))
    this.#address = host.address
    this.doorway = new Doorway(host, settings, certificates, (peer) => this.#links.get(peer)?.wake())
  }

  get address(): string {
    return this.#address
  }

  async listen(address: string): Promise<void> {
    const { host, settings, certificates } = this.#surroundings
    this.#server = new OwnServer(host.environment, settings, certificates, (request, response) => {
      if (!isWelcome(settings, request, response)) return
      const place = placeOf(request.url ?? '/', settings.path)
      if (place === null) refuse(response, 404, 'there is nothing here')
      else this.doorway.answer(place, request, response)
    })
    this.#address = await this.#server.listen(address)
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    if (!this.#closing) this.#links.setPeers(peers)
  }

  send(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped' {
    if (frame.length > this.#surroundings.settings.frameBytesMax) return 'dropped'
    return this.#links.get(to)?.send(channel, frame) ?? 'dropped'
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#links.close()
    this.doorway.close()
    this.#surroundings.certificates?.close()
    await this.#server?.close()
  }
}
