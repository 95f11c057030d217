import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Channel, Credentials, NodeId, TransportHost } from '@quorate/contracts'
import { BodyError, readBody } from './body.js'
import { headerNames } from './wire.js'

/** A probe of an idle connection after this long finds machines that died without a word. */
const keepAliveMs = 5_000

const beat = Buffer.of(0)

/** What opens a link: who it is, and the number of its request in order of arrival. */
export interface Arrival {
  readonly peer: NodeId
  readonly ordinal: number
  /** Nobody else can guess it; who has learned it all the same has to prove what was proved when it was opened. */
  readonly id: string
  readonly credentials: Credentials
}

/** The body of a channel that was begun last. */
interface Newest {
  number: number
  request: IncomingMessage | undefined
}

/**
 * A link that somebody else has opened, and that lives as long as its standing answer: that carries our hello and then a
 * byte now and then. Bodies of frames come in requests of their own.
 *
 * A body is read only if its number is above those of all that were begun on its channel, and delivered only if none has
 * been begun since. So one that was held up on its way is never delivered after a later one, and none is twice.
 */
export class Inbound {
  readonly peer: NodeId
  readonly ordinal: number
  readonly id: string
  readonly #credentials: Credentials
  readonly #host: TransportHost
  readonly #response: ServerResponse
  readonly #onEnd: () => void
  readonly #newest = {
    control: { number: 0, request: undefined },
    log: { number: 0, request: undefined },
    bulk: { number: 0, request: undefined },
  } satisfies Record<Channel, Newest>
  #closed = false
  #cancelBeat: () => void = () => {}

  constructor(host: TransportHost, response: ServerResponse, arrival: Arrival, onEnd: () => void) {
    this.peer = arrival.peer
    this.ordinal = arrival.ordinal
    this.id = arrival.id
    this.#credentials = arrival.credentials
    this.#host = host
    this.#response = response
    this.#onEnd = onEnd
    response.once('close', () => this.close())
    response.on('error', () => this.close())
  }

  /** Answers the request. From now on bodies may come. */
  open(hello: Uint8Array, version: number, beatIntervalMs: number): void {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(hello.length)
    this.#response.socket?.setKeepAlive(true, keepAliveMs)
    this.#response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'cache-control': 'no-store',
      // Asks proxies not to wait for the end of an answer that has none.
      'x-accel-buffering': 'no',
      [headerNames.link]: this.id,
      [headerNames.version]: version,
    })
    this.#response.write(Buffer.concat([length, hello]))
    this.#beatLater(beatIntervalMs)
  }

  /** Whether whoever has proved this has opened the link: frames come on other connections than that did. */
  isOf({ how, name }: Credentials): boolean {
    return how === this.#credentials.how && name === this.#credentials.name
  }

  /** Whether the body of this request may be read. It takes the place of one that is still being read. */
  begin(channel: Channel, number: number, request: IncomingMessage): boolean {
    const newest: Newest = this.#newest[channel]
    if (this.#closed || number <= newest.number) return false
    newest.request?.destroy()
    newest.number = number
    newest.request = request
    return true
  }

  /** Takes a whole body. False if it came too late. Throws `BodyError`. */
  deliver(channel: Channel, number: number, body: Uint8Array, frameBytesMax: number): boolean {
    const newest: Newest = this.#newest[channel]
    if (this.#closed || number !== newest.number) return false
    newest.request = undefined
    readBody(body, frameBytesMax, (frame) => {
      if (this.#closed || this.#host.onFrame(this.peer, channel, frame) !== 'malformed') return
      throw new BodyError(`a frame on ${channel} is nothing that a member sends`)
    })
    return true
  }

  /** Ends it at once. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelBeat()
    for (const { request } of Object.values<Newest>(this.#newest)) request?.destroy()
    this.#response.destroy()
    this.#onEnd()
  }

  #beatLater(intervalMs: number): void {
    this.#cancelBeat = this.#host.environment.setTimer(intervalMs, () => {
      // Whoever takes nothing gets no more of it.
      if (this.#response.writableLength < 1_024) this.#response.write(beat)
      this.#beatLater(intervalMs)
    })
  }
}
