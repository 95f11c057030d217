import {
  durationMsSchema,
  QuorateError,
  type AbortSignalLike,
  type Environment,
  type Outcome,
  type Settled,
  type Token,
} from '@quorate/contracts'
import type { LeaderView } from './leader-view.js'
import { errorOfRefusal, notLeader } from './refusals.js'

/** What any request may be given. */
export interface RequestOptions {
  /** Until when, in milliseconds from now. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignalLike
}

interface Request<Payload, Answer> {
  readonly token: Token
  readonly payload: Payload
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
  readonly forget: () => void
  /** True from the moment the protocol has it until the protocol refuses it. */
  isUndecided: boolean
}

/** What requests of one kind need of the driver. */
export interface RequestsHost<Payload> {
  readonly environment: Environment
  readonly leader: LeaderView
  readonly timeoutMs: number
  readonly requestsMax: number
  /** A token that nothing else of this driver has. */
  nextToken(): Token
  /** Enqueues it for the protocol; false when the mailbox is full. */
  hand(token: Token, payload: Payload): boolean
}

/**
 * Requests of one kind on their way through the protocol, each with a deadline and a true end.
 *
 * An attempt is undecided from the moment the protocol has it until it is refused. At the deadline a request that is
 * undecided ends as `TIMED_OUT`; one that never was ends as `NO_LEADER`, and certainly did not happen (decision D24).
 */
export class Requests<Payload, Answer> {
  readonly #host: RequestsHost<Payload>
  readonly #what: string
  readonly #outcomeOfUndecided: Outcome
  readonly #byToken = new Map<Token, Request<Payload, Answer>>()
  #closed: QuorateError | null = null
  #onIdle: (() => void)[] = []

  /** `what` names the kind in messages. Nothing that only reads is ever in doubt, so its outcome is `notDone`. */
  constructor(host: RequestsHost<Payload>, kind: { readonly what: string; readonly outcomeOfUndecided: Outcome }) {
    this.#host = host
    this.#what = kind.what
    this.#outcomeOfUndecided = kind.outcomeOfUndecided
  }

  get pending(): number {
    return this.#byToken.size
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#byToken.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve))
  }

  submit(payload: Payload, options: RequestOptions = {}): Promise<Answer> {
    const { signal } = options
    if (this.#closed) return Promise.reject(this.#closed)
    if (signal?.aborted) return Promise.reject(this.#aborted(signal, false))
    if (this.#byToken.size >= this.#host.requestsMax) {
      const message = `${this.#byToken.size} requests are under way and that is the limit: try again shortly`
      return Promise.reject(new QuorateError('OVERLOADED', message))
    }
    return new Promise((resolve, reject) => {
      const token = this.#host.nextToken()
      const timeoutMs = timeoutOf(options, this.#host.timeoutMs)
      const cancelTimer = this.#host.environment.setTimer(timeoutMs, () => this.#expire(token, timeoutMs))
      const onAbort = (): void => this.#end(token, (request) => signal && this.#aborted(signal, request.isUndecided))
      signal?.addEventListener('abort', onAbort)
      const forget = (): void => {
        cancelTimer()
        signal?.removeEventListener('abort', onAbort)
      }
      const request: Request<Payload, Answer> = { token, payload, resolve, reject, forget, isUndecided: false }
      this.#byToken.set(token, request)
      this.#attempt(request)
    })
  }

  /** Somebody else leads, or nobody: requests that wait for a leader try again. */
  onLeadership(): void {
    for (const request of [...this.#byToken.values()]) if (!request.isUndecided) this.#attempt(request)
  }

  answer(token: Token, answer: Answer): void {
    const request = this.#take(token)
    request?.resolve(answer)
  }

  settle(token: Token, result: Settled): void {
    const request = this.#byToken.get(token)
    if (!request) return
    if (result.kind === 'refused' && result.reason === 'notLeader' && result.leader === null) {
      request.isUndecided = false
      // The refusal may be older than what is known by now, and then no later news would wake this request.
      this.#attempt(request)
      return
    }
    this.#end(token, () => errorOfRefusal(result, this.#what, this.#host.leader))
  }

  /** Takes no more; what is under way goes on. */
  refuseNew(reason: string): void {
    this.#closed ??= new QuorateError('STOPPED', `this replica has stopped: ${reason}`, { outcome: 'notDone' })
  }

  /** Ends everything: what was never handed over did not happen, the rest is in doubt. */
  close(reason: string): void {
    this.refuseNew(reason)
    for (const token of [...this.#byToken.keys()]) {
      this.#end(token, (request) => {
        const outcome = request.isUndecided ? this.#outcomeOfUndecided : 'notDone'
        return new QuorateError('STOPPED', `this replica stopped before ${this.#what} was decided: ${reason}`, {
          outcome,
        })
      })
    }
  }

  #attempt(request: Request<Payload, Answer>): void {
    const { leader } = this.#host
    if (leader.id === null) return
    if (!leader.isSelf) return this.#end(request.token, () => notLeader(leader))
    request.isUndecided = this.#host.hand(request.token, request.payload)
    if (request.isUndecided) return
    this.#end(request.token, () => new QuorateError('OVERLOADED', 'the mailbox is full: try again shortly'))
  }

  #expire(token: Token, timeoutMs: number): void {
    this.#end(token, (request) => {
      if (!request.isUndecided) {
        return new QuorateError('NO_LEADER', `no member led within ${timeoutMs} ms: ${this.#what} was not carried out`)
      }
      const doubt = this.#outcomeOfUndecided === 'unknown' ? '; it may still happen' : ''
      const message = `${this.#what} was not decided within ${timeoutMs} ms${doubt}`
      return new QuorateError('TIMED_OUT', message, { outcome: this.#outcomeOfUndecided })
    })
  }

  #aborted(signal: AbortSignalLike, isUndecided: boolean): QuorateError {
    const outcome = isUndecided ? this.#outcomeOfUndecided : 'notDone'
    return new QuorateError('ABORTED', `${this.#what} was given up by its caller`, { outcome, cause: signal.reason })
  }

  #end(token: Token, errorOf: (request: Request<Payload, Answer>) => unknown): void {
    const request = this.#take(token)
    request?.reject(errorOf(request))
  }

  #take(token: Token): Request<Payload, Answer> | undefined {
    const request = this.#byToken.get(token)
    this.#byToken.delete(token)
    request?.forget()
    if (this.#byToken.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    return request
  }
}

function timeoutOf(options: RequestOptions, otherwise: number): number {
  if (options.timeoutMs === undefined) return otherwise
  if (!durationMsSchema.safeParse(options.timeoutMs).success) {
    throw new TypeError(`timeoutMs must be a whole number of milliseconds from 1, not ${options.timeoutMs}`)
  }
  return options.timeoutMs
}
