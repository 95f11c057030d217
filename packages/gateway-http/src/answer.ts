import type { IncomingMessage, ServerResponse } from 'node:http'
import { QuorateError } from '@quorate/contracts'
import type { ClientQuota } from './quota.js'
import { describeFailure, type Failure } from './refusal.js'

/** How long, and for how many bytes, a refused body is still read, so that its sender gets to read the answer. */
const lingerMs = 500
const lingerBytesMax = 1024 * 1024

/** What a failure tells of its message, in characters: with room, and without. In JSON one may take six bytes. */
const messageCharactersMax = 1_000
const shortCharactersMax = 100

/** What one answer shares with all others, and what it is told. */
export interface AnswerSurroundings {
  readonly timeoutMs: number
  /** What every answer says beside its own. */
  readonly headers: Readonly<Record<string, string>>
  /** What answers to this client may hold until they have left. */
  readonly pending: ClientQuota
  /** Aborted when the answer has left, or nobody waits for it any more. */
  readonly gone: AbortSignal
}

/** One request's way back: writes the only answer there will be. */
export class Answer {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #surroundings: AnswerSurroundings

  constructor(request: IncomingMessage, response: ServerResponse, surroundings: AnswerSurroundings) {
    this.#request = request
    this.#response = response
    this.#surroundings = surroundings
  }

  json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
    this.bytes(status, jsonType, jsonBytes(body), headers)
  }

  /**
   * Failures are small, and have room where nothing else has: they say that there is none. They count all the same, and
   * say less while there is no room.
   */
  failure({ status, headers, error }: Failure): void {
    const { pending, gone } = this.#surroundings
    const whole = jsonBytes(describeFailure(error, messageCharactersMax))
    const hasRoom = pending.hasRoomFor(whole.length)
    const body = hasRoom ? whole : jsonBytes(describeFailure(error, shortCharactersMax))
    if (!gone.aborted) {
      pending.force(body.length)
      gone.addEventListener('abort', () => pending.give(body.length), { once: true })
    }
    this.#write(status, jsonType, body, headers)
  }

  /** Throws `OVERLOADED` while others hold too much that was not read yet. What was asked for has happened all the same. */
  bytes(status: number, type: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): void {
    const { pending, gone } = this.#surroundings
    if (gone.aborted) return
    if (!pending.take(body.length)) {
      const message =
        'it was carried out, but this member holds as many bytes of answers as it may, or for your address'
      throw new QuorateError('OVERLOADED', message, { outcome: 'unknown' })
    }
    gone.addEventListener('abort', () => pending.give(body.length), { once: true })
    this.#write(status, type, body, headers)
  }

  #write(status: number, type: string, body: Uint8Array, headers: Readonly<Record<string, string>>): void {
    const response = this.#response
    if (response.destroyed || response.headersSent) return
    const isUnread = !this.#request.complete && declaresBody(this.#request)
    response.writeHead(status, {
      ...this.#surroundings.headers,
      ...headers,
      'content-type': type,
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(isUnread ? { connection: 'close' } : {}),
    })
    response.setTimeout(this.#surroundings.timeoutMs, () => this.#request.destroy())
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

const jsonType = 'application/json; charset=utf-8'

function jsonBytes(body: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(body)}\n`)
}

/** True if the request said that a body follows its head. */
export function declaresBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0)
}
