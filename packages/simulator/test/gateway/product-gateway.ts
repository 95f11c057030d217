import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { HttpAnswer } from '@quorate/client'
import { httpHandler } from '@quorate/gateway-http'
import type { Gateway, HttpRequest } from '@quorate/simulator'

/** The product's gateway as a simulation takes it: given requests that were read, it hands over answers unwritten. */
export const productGateway: Gateway = ({ replica, machine, environment }) => {
  const listener = httpHandler({ replica, machine, environment, leaderTimeoutMs: 300 })
  return (request) => {
    let cancel = (): void => {}
    const answer = new Promise<HttpAnswer>((resolve) => {
      // A connection for each: a client puts one request after the other on its own, and a gateway ends one with too many.
      const incoming = new ReadRequest(new Socket(), request)
      const response = new UnwrittenResponse(incoming, resolve)
      cancel = () => void response.emit('close')
      listener(incoming, response)
    })
    return { answer, cancel }
  }
}

/** A request that has arrived whole. Its body takes no turns of a stream, only promises, so that it takes no time either. */
class ReadRequest extends IncomingMessage {
  readonly #body: Uint8Array | null

  constructor(socket: Socket, { method, path, accept, body }: HttpRequest) {
    super(socket)
    this.#body = body === null ? null : Buffer.from(body)
    this.method = method
    this.url = path
    this.headers = { host: 'localhost', accept }
    if (this.#body !== null) {
      this.headers['content-type'] = 'application/json'
      this.headers['content-length'] = String(this.#body.length)
    }
    this.complete = true
  }

  override async *iterator(): NodeJS.AsyncIterator<Uint8Array> {
    if (this.#body !== null) yield this.#body
  }
}

/** An answer that is handed over whole instead of being written. */
class UnwrittenResponse extends ServerResponse {
  readonly #onEnd: (answer: HttpAnswer) => void
  #headers: Readonly<Record<string, string>> = {}

  constructor(request: IncomingMessage, onEnd: (answer: HttpAnswer) => void) {
    super(request)
    this.#onEnd = onEnd
  }

  override writeHead(status: number, headers?: unknown): this {
    this.statusCode = status
    const given = typeof headers === 'object' && headers !== null ? Object.entries(headers) : []
    this.#headers = Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
    return this
  }

  override end(body?: unknown): this {
    const bytes = body instanceof Uint8Array ? body : new Uint8Array()
    this.#onEnd({ status: this.statusCode, headers: this.#headers, bytes, text: () => Buffer.from(bytes).toString() })
    this.emit('close')
    return this
  }
}
