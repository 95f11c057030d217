import type { ClientRequest } from 'node:http'
import { describeError, type Channel, type Environment } from '@quorate/contracts'
import { causeInWords } from '@quorate/contracts/node'
import { encodeBody } from './body.js'
import { FrameQueue } from './frame-queue.js'
import type { Requests } from './requests.js'
import { headerNames, pathOf } from './wire.js'

/** One body takes about this much. */
const bodyBytes = 1024 * 1024

/** What a line needs to know of the link it belongs to. */
export interface LineOwner {
  readonly environment: Environment
  readonly requests: Requests
  readonly link: string
  readonly channelBytesMax: number
  readonly postTimeoutMs: number
  /** A body may not have arrived: the link cannot promise anything for what comes after it. */
  onFailure(what: string): void
}

/**
 * One channel of a link: at most one request under way, whose body is all frames that have gathered meanwhile. A body
 * that failed is not sent again, for it may have arrived; the link ends instead.
 */
export class Line {
  readonly #owner: LineOwner
  readonly #channel: Channel
  readonly #queue: FrameQueue
  #state: 'idle' | 'scheduled' | 'posting' | 'closed' = 'idle'
  #number = 0
  #abort: () => void = () => {}

  constructor(owner: LineOwner, channel: Channel) {
    this.#owner = owner
    this.#channel = channel
    this.#queue = new FrameQueue(owner.channelBytesMax)
  }

  /** Takes the frame, or refuses it because the channel is full. It leaves at the end of this turn at the earliest. */
  offer(frame: Uint8Array): 'queued' | 'dropped' {
    if (this.#state === 'closed' || !this.#queue.push(frame)) return 'dropped'
    if (this.#state === 'idle') {
      this.#state = 'scheduled'
      void this.#owner.environment.yieldTurn().then(() => {
        if (this.#state === 'scheduled') this.#post()
      })
    }
    return 'queued'
  }

  close(): void {
    this.#state = 'closed'
    this.#abort()
  }

  #post(): void {
    const frames = this.#queue.take(bodyBytes)
    if (frames.length === 0) {
      this.#state = 'idle'
      return
    }
    this.#state = 'posting'
    this.#number += 1
    const request = this.#start(encodeBody(frames))
    if (!request) return
    const { environment, postTimeoutMs } = this.#owner
    const cancel = environment.setTimer(postTimeoutMs, () => this.#fail(`has not answered for ${postTimeoutMs} ms`))
    this.#abort = () => {
      cancel()
      request.destroy()
    }
    request.on('error', (error) => this.#fail(`took no frames: ${causeInWords(error)}`))
    request.once('response', (response) => {
      const { statusCode = 0 } = response
      response.on('error', (error) => this.#fail(`took no frames: ${causeInWords(error)}`))
      if (statusCode !== 204) return this.#fail(`took no frames and answered ${statusCode}`)
      response.resume().once('end', () => {
        cancel()
        if (this.#state === 'posting') this.#post()
      })
    })
  }

  /** Starts the request for a body of these pieces; nothing, and the link ends, if it cannot be started. */
  #start(pieces: readonly Uint8Array[]): ClientRequest | undefined {
    const { requests, link } = this.#owner
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': pieces.reduce((sum, piece) => sum + piece.length, 0),
      [headerNames.link]: link,
      [headerNames.number]: this.#number,
    }
    try {
      return requests.post(pathOf(this.#channel), headers, {
        onPeer: (request) => {
          request.cork()
          for (const piece of pieces) request.write(piece)
          request.end()
          request.uncork()
        },
        onStranger: (what) => this.#fail(what),
      })
    } catch (error) {
      this.#fail(`cannot be sent frames: ${describeError(error)}`)
      return undefined
    }
  }

  #fail(what: string): void {
    if (this.#state === 'closed') return
    this.close()
    this.#owner.onFailure(what)
  }
}
