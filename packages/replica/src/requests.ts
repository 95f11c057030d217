import {
  durationMsSchema,
  onAborted,
  QuorateError,
  type AbortSignalLike,
  type Environment,
  type NodeId,
  type Outcome,
  type Token,
} from '@quorate/contracts'
import type { LeaderView } from './leader-view.js'
import { errorOfRefusal, type Ending } from './refusals.js'

/** How often what waits looks whether it can be tried again, in milliseconds. */
const retryEveryMs = 50
/**
 * After that long without a word an attempt at another member is taken for lost, in milliseconds; it is made again. Each
 * time it takes twice as long, up to the other: what is only slow must not get more to do.
 */
const [silentMs, silentMsMax] = [500, 2_000]

/** What any request may be given. */
export interface RequestOptions {
  /** Until when, in milliseconds from now. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignalLike
}

/** What requests of one kind need of the driver. */
export interface RequestsHost<Payload> {
  readonly environment: Environment
  readonly leader: LeaderView
  readonly timeoutMs: number
  readonly requestsMax: number
  /** A token that nothing else of this driver has. */
  nextToken(): Token
  /** Enqueues it for the protocol here; false when the mailbox is full. */
  hand(token: Token, payload: Payload): boolean
  /** Sends it to the member that leads; false when it did not leave. */
  forward(token: Token, payload: Payload, leader: NodeId): boolean
}

/** What is asked for, and how to end it. */
export interface Request<Payload, Answer> {
  readonly payload: Payload
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
  readonly forget: () => void
  /** Attempts that were handed over and neither refused nor overwritten. */
  readonly undecided: Set<Token>
  /** Those of them that a snapshot may have passed over: they may have been carried out in a place this member never saw. */
  readonly skipped: Set<Token>
  attempts: number
  attemptedAtMs: number
  /** The leadership that the last attempt went to. */
  attemptedEpoch: number
  /** An attempt may have been carried out in a place that this member never saw. */
  isInDoubt: boolean
  lastRefusal: QuorateError | null
}

/** What distinguishes one kind of requests from others. */
export interface RequestKind {
  /** Names it in messages: `the command`. */
  readonly what: string
  /** Nothing that only reads is ever in doubt. */
  readonly outcomeOfUndecided: Outcome
  /** Twice is once: it may be attempted again while an earlier attempt is undecided. */
  readonly isRepeatable: boolean
}

/**
 * Requests of one kind on their way through the leader, wherever that is, each with a deadline and a true end.
 *
 * An attempt is undecided from the moment somebody has it until it is refused or overwritten. While the deadline lasts a
 * request is attempted again when its attempt is refused; one that belongs to a session or only asks, so that twice is
 * once, also when the leader changes and when nothing is heard of it. At the deadline it ends as `TIMED_OUT` if any attempt is
 * undecided, and else certainly did not happen (decision D24).
 */
export class Requests<Payload, Answer> {
  readonly #host: RequestsHost<Payload>
  readonly #what: string
  readonly #outcomeOfUndecided: Outcome
  readonly #isRepeatable: boolean
  readonly #all = new Set<Request<Payload, Answer>>()
  readonly #byToken = new Map<Token, Request<Payload, Answer>>()
  #closed: QuorateError | null = null
  #onIdle: (() => void)[] = []
  #cancelSweep: (() => void) | null = null

  constructor(host: RequestsHost<Payload>, kind: RequestKind) {
    this.#host = host
    this.#what = kind.what
    this.#outcomeOfUndecided = kind.outcomeOfUndecided
    this.#isRepeatable = kind.isRepeatable
  }

  get pending(): number {
    return this.#all.size
  }

  /** Attempts of all of them that nobody has decided. */
  get attempts(): number {
    return this.#byToken.size
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#all.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve))
  }

  /** `onStart` is told the request before its first attempt: whoever knows its end by other ways calls {@link end}. */
  submit(
    payload: Payload,
    options: RequestOptions = {},
    onStart: (request: Request<Payload, Answer>) => void = () => {},
  ): Promise<Answer> {
    const { signal } = options
    if (this.#closed) return Promise.reject(this.#closed)
    if (signal?.aborted) return Promise.reject(this.#aborted(signal, 'notDone'))
    if (this.#all.size >= this.#host.requestsMax) {
      const message = `${this.#all.size} requests are under way and that is the limit: try again shortly`
      return Promise.reject(new QuorateError('OVERLOADED', message))
    }
    return new Promise((resolve, reject) => {
      const timeoutMs = timeoutOf(options, this.#host.timeoutMs)
      const cancelTimer = this.#host.environment.setTimer(timeoutMs, () => this.#expire(request, timeoutMs))
      const onAbort = (): void => {
        if (signal) this.fail(request, this.#aborted(signal, this.#outcomeOf(request)))
      }
      const ignoreSignal = onAborted(signal, onAbort)
      const forget = (): void => {
        cancelTimer()
        ignoreSignal()
      }
      const request: Request<Payload, Answer> = {
        ...{ payload, resolve, reject, forget, undecided: new Set<Token>(), skipped: new Set<Token>() },
        ...{ attempts: 0, attemptedAtMs: 0, attemptedEpoch: 0, isInDoubt: false, lastRefusal: null },
      }
      this.#all.add(request)
      onStart(request)
      this.#attempt(request)
      this.#sweepLater()
    })
  }

  /** Somebody else leads, or nobody: whatever waits is tried with the new one. */
  onLeadership(): void {
    const { leader } = this.#host
    if (leader.id === null) return
    for (const request of [...this.#all]) {
      const isStale = this.#isRepeatable && request.attemptedEpoch < leader.epoch
      if (request.undecided.size === 0 || isStale) this.#attempt(request)
    }
  }

  answer(token: Token, answer: Answer): void {
    const request = this.#byToken.get(token)
    if (request) this.end(request, answer)
  }

  end(request: Request<Payload, Answer>, answer: Answer): void {
    if (this.#take(request)) request.resolve(answer)
  }

  fail(request: Request<Payload, Answer>, error: QuorateError): void {
    if (this.#take(request)) request.reject(error)
  }

  /** How an attempt ended, if not by an answer. */
  settle(token: Token, result: Ending): void {
    const request = this.#byToken.get(token)
    if (!request) return
    this.#byToken.delete(token)
    request.undecided.delete(token)
    request.skipped.delete(token)
    if (result.kind === 'unknown' || result.kind === 'done') request.isInDoubt = true
    const refusal = errorOfRefusal(result, this.#what, this.#host.leader)
    request.lastRefusal = refusal
    const { leader, epoch } = { leader: this.#host.leader.id, epoch: this.#host.leader.epoch }
    if (isWorthRetrying(result)) {
      if (request.undecided.size === 0 && leader !== null && request.attemptedEpoch < epoch) this.#attempt(request)
    } else if (request.undecided.size === 0 && !request.isInDoubt) {
      this.fail(request, refusal)
    }
  }

  /** What was handed over for this request may have been carried out in a place that this member never saw. */
  onSkipped(request: Request<Payload, Answer>): void {
    for (const token of request.undecided) request.skipped.add(token)
  }

  /** Takes no more; what is under way goes on. */
  refuseNew(reason: string): void {
    this.#closed ??= new QuorateError('STOPPED', `this replica has stopped: ${reason}`, { outcome: 'notDone' })
  }

  /** Ends everything: what was never handed over did not happen, the rest is in doubt. */
  close(reason: string): void {
    this.refuseNew(reason)
    for (const request of [...this.#all]) {
      const message = `this replica stopped before ${this.#what} was decided: ${reason}`
      this.fail(request, new QuorateError('STOPPED', message, { outcome: this.#outcomeOf(request) }))
    }
  }

  #attempt(request: Request<Payload, Answer>): void {
    const { leader, environment } = this.#host
    if (leader.id === null) return
    const token = this.#host.nextToken()
    request.attemptedAtMs = environment.monotonicMs()
    request.attemptedEpoch = leader.epoch
    const isHandedOver = leader.isSelf
      ? this.#host.hand(token, request.payload)
      : this.#host.forward(token, request.payload, leader.id)
    if (isHandedOver) {
      request.attempts += 1
      request.undecided.add(token)
      this.#byToken.set(token, request)
    } else if (leader.isSelf && this.#outcomeOf(request) === 'notDone') {
      this.fail(request, new QuorateError('OVERLOADED', 'the mailbox is full: try again shortly'))
    }
  }

  #sweepLater(): void {
    if (this.#cancelSweep !== null || this.#all.size === 0) return
    this.#cancelSweep = this.#host.environment.setTimer(retryEveryMs, () => {
      this.#cancelSweep = null
      this.#sweep()
      this.#sweepLater()
    })
  }

  #sweep(): void {
    const { leader, environment } = this.#host
    const nowMs = environment.monotonicMs()
    for (const request of [...this.#all]) {
      const patienceMs = Math.min(silentMs * 2 ** (request.attempts - 1), silentMsMax)
      const isSilent = this.#isRepeatable && !leader.isSelf && nowMs - request.attemptedAtMs >= patienceMs
      if (request.undecided.size === 0 || isSilent) this.#attempt(request)
    }
  }

  #expire(request: Request<Payload, Answer>, timeoutMs: number): void {
    const isUndecided = request.undecided.size > 0 || request.isInDoubt
    if (!isUndecided) {
      const message = `no member led within ${timeoutMs} ms: ${this.#what} was not carried out`
      this.fail(request, request.lastRefusal ?? new QuorateError('NO_LEADER', message))
      return
    }
    const doubt = this.#outcomeOfUndecided === 'unknown' ? '; it may still happen' : ''
    const message = `${this.#what} was not decided within ${timeoutMs} ms${doubt}`
    this.fail(request, new QuorateError('TIMED_OUT', message, { outcome: this.#outcomeOfUndecided }))
  }

  #outcomeOf(request: Request<Payload, Answer>): Outcome {
    return request.undecided.size > 0 || request.isInDoubt ? this.#outcomeOfUndecided : 'notDone'
  }

  #aborted(signal: AbortSignalLike, outcome: Outcome): QuorateError {
    return new QuorateError('ABORTED', `${this.#what} was given up by its caller`, { outcome, cause: signal.reason })
  }

  /** Nothing is under way: no timer outlives the last request. */
  #rest(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = null
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  #take(request: Request<Payload, Answer>): boolean {
    if (!this.#all.delete(request)) return false
    for (const token of request.undecided) this.#byToken.delete(token)
    request.forget()
    if (this.#all.size === 0) this.#rest()
    return true
  }
}

/** Another attempt may succeed where this one did not. */
function isWorthRetrying(result: Ending): boolean {
  if (result.kind !== 'refused') return true
  // What is active here already becomes active at the leader within moments.
  return result.reason === 'notLeader' || result.reason === 'inProgress' || result.reason === 'versionNotActive'
}

/** The deadline that a caller asked for, in milliseconds. Throws a `TypeError` for one that cannot be. */
export function timeoutOf(options: RequestOptions, otherwise: number): number {
  if (options.timeoutMs === undefined) return otherwise
  if (!durationMsSchema.safeParse(options.timeoutMs).success) {
    throw new TypeError(
      `timeoutMs must be a whole number of milliseconds from 1 to ${2 ** 31 - 1}, not ${options.timeoutMs}`,
    )
  }
  return options.timeoutMs
}
