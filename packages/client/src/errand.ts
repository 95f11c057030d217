import {
  addressSchema,
  describeError,
  QuorateError,
  type AbortSignalLike,
  type Environment,
  type ErrorCode,
} from '@quorate/contracts'
import type { Addresses } from './addresses.js'
import { Backoff } from './backoff.js'
import type { HttpAnswer, HttpExchange, HttpPort } from './http-port.js'
import { errorOfAnswer, mayRetry } from './verdict.js'

/** What an errand is about. */
export interface ErrandOrder {
  /** Names it in messages: `the command "put"`. */
  readonly what: string
  readonly method: 'GET' | 'POST'
  /** The path for an attempt that the member may take so long for, in milliseconds. */
  readonly path: (timeoutMs: number) => string
  /** JSON, or null for no body. */
  readonly body: string | null
  /** The type that a result comes as. */
  readonly accept: string
  /** It only reads: it may be done any number of times, and is never in doubt. */
  readonly isRepeatable: boolean
  /** Any given address may answer it, however far behind. */
  readonly mayLag: boolean
  /** The only address to ask, once; null for whoever can answer. */
  readonly address: string | null
  readonly timeoutMs: number
  readonly signal: AbortSignalLike | undefined
}

/** What errands share. */
export interface ErrandHost {
  readonly environment: Environment
  readonly http: HttpPort
  readonly addresses: Addresses
  readonly attemptTimeoutMs: number
  readonly retryMinMs: number
  readonly retryMaxMs: number
}

/** Hints to another member that are followed at once; later ones wait like any retry, for two members may disagree. */
const hintsAtOnce = 3

/**
 * One operation on its way to whoever can answer it, with one deadline over all attempts.
 *
 * A command that may have reached a member and was not refused is in doubt: it is not sent again, and ends as
 * `unknown`. From the moment a member says `notDone`, it is not in doubt any more.
 */
export class Errand {
  readonly #host: ErrandHost
  readonly #order: ErrandOrder
  readonly #backoff: Backoff
  readonly #endMs: number
  #attemptTimeoutMs: number
  #attempts = 0
  #hints = 0
  #exchange: HttpExchange | null = null
  #isInDoubt = false
  #refusal: QuorateError | null = null
  #unreached: QuorateError | null = null
  #cancelTimer: () => void = () => {}
  #end: ((error: QuorateError | null, answer?: HttpAnswer) => void) | null = null

  constructor(host: ErrandHost, order: ErrandOrder) {
    this.#host = host
    this.#order = order
    this.#backoff = new Backoff(host.environment, host.retryMinMs, host.retryMaxMs)
    this.#endMs = host.environment.monotonicMs() + order.timeoutMs
    this.#attemptTimeoutMs = host.attemptTimeoutMs
  }

  /** Carries it out. Rejects with a `QuorateError` that says whether it happened. */
  run(): Promise<HttpAnswer> {
    const { signal, timeoutMs, what } = this.#order
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.stop('ABORTED', `${what} was given up by its caller`, signal?.reason)
      const cancelDeadline = this.#host.environment.setTimer(timeoutMs, () => this.#onDeadline())
      this.#end = (error, answer) => {
        this.#end = null
        cancelDeadline()
        signal?.removeEventListener('abort', onAbort)
        this.#drop()
        if (answer) resolve(answer)
        else reject(error ?? new QuorateError('INTERNAL', `${what} ended without an answer`))
      }
      signal?.addEventListener('abort', onAbort)
      if (signal?.aborted) onAbort()
      else this.#attempt()
    })
  }

  /** Ends it from outside, with its true outcome. */
  stop(code: ErrorCode, message: string, cause?: unknown): void {
    const doubt = this.#isInDoubt ? '; it may still happen' : ''
    const outcome = this.#isInDoubt ? 'unknown' : 'notDone'
    this.#end?.(new QuorateError(code, `${message}${doubt}`, { outcome, cause }))
  }

  #attempt(): void {
    const { method, path, accept, body, mayLag } = this.#order
    const address = this.#order.address ?? this.#host.addresses.next(mayLag)
    const attempt = (this.#attempts += 1)
    const isCurrent = (): boolean => this.#end !== null && this.#attempts === attempt
    let wasSent = false
    const onSent = (): void => {
      wasSent = true
      if (isCurrent()) this.#onSent(address)
    }
    this.#exchange = this.#host.http.send({
      method,
      address,
      path: path(this.#memberTimeoutMs()),
      accept,
      body,
      onSent,
    })
    this.#exchange.answer.then(
      (answer) => isCurrent() && this.#onAnswer(address, answer),
      (error: unknown) => isCurrent() && this.#onFailure(address, wasSent, error),
    )
  }

  /** What a member may take: somewhat less than is left, so that its own word on the outcome still arrives. */
  #memberTimeoutMs(): number {
    const leftMs = this.#endMs - this.#host.environment.monotonicMs()
    const ownMs = leftMs - Math.min(100, leftMs / 10)
    return Math.max(1, Math.floor(this.#order.isRepeatable ? Math.min(ownMs, this.#attemptTimeoutMs) : ownMs))
  }

  #onSent(address: string): void {
    this.#isInDoubt = !this.#order.isRepeatable
    if (this.#isInDoubt || this.#order.address !== null) return
    const attemptMs = this.#attemptTimeoutMs
    this.#attemptTimeoutMs *= 2
    this.#cancelTimer = this.#host.environment.setTimer(attemptMs, () => {
      const error = new QuorateError('TIMED_OUT', `${address} did not answer within ${attemptMs} ms`)
      this.#onError(address, error)
    })
  }

  #onAnswer(address: string, answer: HttpAnswer): void {
    const error = errorOfAnswer(answer, this.#order.accept, address)
    if (error !== null) return this.#onError(address, error)
    const hint = addressSchema.safeParse(answer.headers['quorate-leader'])
    if (hint.success) this.#host.addresses.onLeader(hint.data)
    this.#end?.(null, answer)
  }

  #onFailure(address: string, wasSent: boolean, error: unknown): void {
    const message = `the connection to ${address} ${wasSent ? 'was lost' : 'could not be made'}: ${describeError(error)}`
    const outcome = wasSent ? 'unknown' : 'notDone'
    const lost = new QuorateError('CONNECTION_LOST', message, { outcome, cause: error })
    if (wasSent || this.#order.address !== null) return this.#onError(address, lost)
    this.#unreached = lost
    this.#host.addresses.onUseless(address)
    this.#retryAfter(this.#backoff.takeMs())
  }

  #onError(address: string, error: QuorateError): void {
    if (this.#order.address !== null || !mayRetry(error, this.#order.isRepeatable))
      return this.#end?.(this.#asMine(error))
    this.#refusal = this.#asMine(error)
    this.#isInDoubt = false
    const hint = error.leader?.clientAddress ?? null
    this.#host.addresses.onUseless(address)
    if (error.code !== 'NOT_LEADER' || hint === null || hint === address)
      return this.#retryAfter(this.#backoff.takeMs())
    this.#host.addresses.onLeader(hint)
    this.#hints += 1
    this.#retryAfter(this.#hints <= hintsAtOnce ? 0 : this.#backoff.takeMs())
  }

  #retryAfter(delayMs: number): void {
    this.#drop()
    if (delayMs === 0) return this.#attempt()
    this.#cancelTimer = this.#host.environment.setTimer(delayMs, () => this.#attempt())
  }

  #onDeadline(): void {
    const { what, timeoutMs, isRepeatable } = this.#order
    if (this.#isInDoubt || (isRepeatable && this.#exchange && !this.#refusal && !this.#unreached)) {
      return this.stop('TIMED_OUT', `${what} was not answered within ${timeoutMs} ms`)
    }
    const message = `no member could be reached within ${timeoutMs} ms: ${what} was not carried out`
    const unreached = this.#unreached
    this.#end?.(this.#refusal ?? new QuorateError('NO_LEADER', message, unreached ? { cause: unreached } : {}))
  }

  /** What only reads did not happen, whatever became of it. */
  #asMine(error: QuorateError): QuorateError {
    if (!this.#order.isRepeatable || error.outcome === 'notDone') return error
    const { code, message, leader, cause } = error
    return new QuorateError(code, message, { outcome: 'notDone', leader, cause })
  }

  /** Gives up the attempt under way, or the pause before the next. */
  #drop(): void {
    this.#cancelTimer()
    this.#cancelTimer = () => {}
    this.#attempts += 1
    this.#exchange?.cancel()
    this.#exchange = null
  }
}
