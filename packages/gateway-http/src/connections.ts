import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Why a signal is aborted, as it stands in the cause of errors. */
const endedReason = 'the request has its answer, or its connection has ended'

/**
 * Who waits for answers, by connection (decision D37). A sender may put any number of requests on one connection without
 * reading an answer: Node.js reads them all, and keeps each until those before it were answered.
 */
export class Connections {
  readonly #requestsMax: number
  readonly #waiting = new WeakMap<Socket, Set<() => void>>()
  #requests = 0

  /** `requestsMax`: how many requests of one connection may be without their whole answer at once. */
  constructor(requestsMax: number) {
    this.#requestsMax = requestsMax
  }

  /** Requests of all connections whose answers have not left. */
  get requests(): number {
    return this.#requests
  }

  /**
   * Takes a request on. Returns a signal that is aborted when nobody waits for its answer any more: it has left, or its
   * connection has ended. Null if the connection has too many of them already.
   */
  admit(request: IncomingMessage, response: ServerResponse): AbortSignal | null {
    const waiting = this.#waitingOn(request.socket)
    if (waiting.size >= this.#requestsMax) return null
    const gone = new AbortController()
    const end = (): void => {
      if (!waiting.delete(end)) return
      this.#requests -= 1
      // Without a reason, each of what may be thousands would make an error with a stack.
      gone.abort(endedReason)
    }
    waiting.add(end)
    this.#requests += 1
    response.once('close', end)
    return gone.signal
  }

  /** Of a connection that has ended, Node.js tells only the answer whose turn it was: the others are told here. */
  #waitingOn(socket: Socket): Set<() => void> {
    const known = this.#waiting.get(socket)
    if (known) return known
    const waiting = new Set<() => void>()
    this.#waiting.set(socket, waiting)
    socket.once('close', () => {
      for (const end of [...waiting]) end()
    })
    return waiting
  }
}
