import type { IncomingMessage, ServerResponse } from 'node:http'
import { describeFailure, type Failure } from './refusal.js'

/** How long, and for how many bytes, a refused body is still read, so that its sender gets to read the answer. */
const lingerMs = 500
const lingerBytesMax = 1024 * 1024

/** One request's way back: writes the only answer there will be. */
export class Answer {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #timeoutMs: number

  constructor(request: IncomingMessage, response: ServerResponse, timeoutMs: number) {
    this.#request = request
    this.#response = response
    this.#timeoutMs = timeoutMs
  }

  json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
    const type = 'application/json; charset=utf-8'
    this.bytes(status, type, Buffer.from(`${JSON.stringify(body)}\n`), headers)
  }

  failure({ status, headers, error }: Failure): void {
    this.json(status, describeFailure(error), headers)
  }

  bytes(status: number, type: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): void {
    const response = this.#response
    if (response.destroyed || response.headersSent) return
    const isUnread = !this.#request.complete && declaresBody(this.#request)
    response.writeHead(status, {
      ...headers,
      'content-type': type,
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(isUnread ? { connection: 'close' } : {}),
    })
    response.setTimeout(this.#timeoutMs, () => this.#request.destroy())
    if (isUnread) this.#linger(body)
    else response.end(body)
  }

  /**
   * Answers while the sender is still sending. A connection that is closed over unread bytes is reset, and the reset
   * may overtake the answer: so the answer goes out whole, the sender has a moment to see it, and then comes the end.
   */
  #linger(body: Uint8Array): void {
    const request = this.#request
    const response = this.#response
    let left = lingerBytesMax
    const end = (): void => {
      clearTimeout(timer)
      request.pause()
      response.end()
    }
    const timer = setTimeout(end, lingerMs)
    response.write(body)
    request.on('data', (chunk: Uint8Array) => {
      left -= chunk.length
      if (left < 0) end()
    })
    request.once('close', end)
    request.once('end', end)
    request.resume()
  }
}

/** True if the request said that a body follows its head. */
export function declaresBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0)
}
