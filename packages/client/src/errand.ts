import {
  addressSchema,
  describeError,
  onAborted,
  QuorateError,
  type Environment,
  type ErrorCode,
} from '@quorate/contracts'
import type { Addresses } from './addresses.js'
import { announcedMembers } from './answers.js'
import { Backoff } from './backoff.js'
import type { ClusterPin } from './cluster-pin.js'
import type { HttpAnswer, HttpExchange, HttpPort } from './http-port.js'
import type { ErrandOrder } from './orders.js'
import type { Sessions, Slot } from './sessions.js'
import { errorOfAnswer, foreignAnswer, mayRetry } from './verdict.js'

/** How an errand ends. */
type Ending<Result> = { readonly result: Result } | { readonly error: QuorateError }

/** What errands share. */
export interface ErrandHost {
  readonly environment: Environment
  readonly http: HttpPort
  readonly addresses: Addresses
  readonly cluster: ClusterPin
  readonly sessions: Pick<Sessions, 'take' | 'open' | 'undone' | 'onExpired'>
  readonly attemptTimeoutMs: number
  readonly retryMinMs: number
  readonly retryMaxMs: number
}

/** The longest that a timer can take: Node's fire at once when they are told more. */
const timerMsMax = 2 ** 31 - 1

/** Hints to another member that are followed at once; later ones wait like any retry, for two members may disagree. */
const hintsAtOnce = 3

/**
 * One operation on its way to whoever can answer it, with one deadline over all attempts.
 *
 * An attempt that may have reached a member, and was not refused, leaves a command in doubt. In a session it is then sent
 * again in the same place, to any member, until one answers; doubt that came once stays, because a later refusal says
 * nothing about an earlier attempt. Without a session it is not sent again, and ends as `unknown`.
 */
export class Errand<Result> {
  readonly #host: ErrandHost
  readonly #order: ErrandOrder<Result>
  readonly #backoff: Backoff
  readonly #endMs: number
  #attemptTimeoutMs: number
  #attempts = 0
  #hints = 0
  #slot: Slot | null = null
  #exchange: HttpExchange | null = null
  /** The attempt under way may have reached a member. */
  #isSent = false
  /** An earlier attempt may have been carried out, or may still be. */
  #isInDoubt = false
  #refusal: QuorateError | null = null
  /** What the last attempt met that was no member, or that it met nobody. */
  #unreached: QuorateError | null = null
  /** Addresses where another cluster has answered. */
  readonly #strangers = new Set<string>()
  #leaveSessions: () => void = () => {}
  #cancelTimer: () => void = () => {}
  #end: ((ending: Ending<Result>) => void) | null = null

  constructor(host: ErrandHost, order: ErrandOrder<Result>) {
    this.#host = host
    this.#order = order
    this.#backoff = new Backoff(host.environment, host.retryMinMs, host.retryMaxMs)
    this.#endMs = host.environment.monotonicMs() + order.timeoutMs
    this.#attemptTimeoutMs = host.attemptTimeoutMs
  }

  /** Carries it out. Rejects with a `QuorateError` that says whether it happened. */
  run(): Promise<Result> {
    const { signal, timeoutMs, what } = this.#order
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.stop('ABORTED', `${what} was given up by its caller`, signal?.reason)
      const cancelDeadline = this.#host.environment.setTimer(timeoutMs, () => this.#onDeadline())
      this.#end = (ending) => {
        this.#end = null
        cancelDeadline()
        ignoreSignal()
        this.#drop()
        this.#slot?.release()
        if ('result' in ending) resolve(ending.result)
        else reject(ending.error)
      }
      const ignoreSignal = onAborted(signal, onAbort)
      if (signal?.aborted) onAbort()
      else this.#attempt()
    })
  }

  /** Ends it from outside, with its true outcome. */
  stop(code: ErrorCode, message: string, cause?: unknown): void {
    const mayHappen = this.#mayHaveHappened
    const outcome = mayHappen ? 'unknown' : 'notDone'
    const error = new QuorateError(code, `${message}${mayHappen ? '; it may still happen' : ''}`, { outcome, cause })
    this.#end?.({ error })
  }

  /** How whoever waits for it in vain ends, of whom `what` tells: nothing happened. */
  undone(what: string, timeoutMs: number): QuorateError {
    if (this.#refusal) return this.#refusal
    const met = this.#unreached ? `; ${this.#unreached.message}` : ''
    const message = `no member answered within ${timeoutMs} ms: ${what} was not carried out${met}`
    return new QuorateError('NO_LEADER', message, this.#unreached ? { cause: this.#unreached } : {})
  }

  /** What there is to say of earlier attempts: the word of a member, else what was met in the place of one. */
  get #cause(): QuorateError | undefined {
    return this.#refusal ?? this.#unreached ?? undefined
  }

  get #mayHaveHappened(): boolean {
    return this.#order.repeats !== 'freely' && (this.#isSent || this.#isInDoubt)
  }

  #attempt(): void {
    if (this.#order.repeats === 'inSession') {
      this.#slot ??= this.#host.sessions.take()
      if (this.#slot === null) return this.#awaitSession()
    }
    const { method, accept, body, mayLag } = this.#order
    const address = this.#order.address ?? this.#host.addresses.next(mayLag)
    const attemptMs = this.#attemptTimeoutMs
    this.#attemptTimeoutMs = Math.min(attemptMs * 2, timerMsMax)
    const isCurrent = this.#begin()
    let wasSent = false
    const onSent = (): void => {
      wasSent = true
      if (isCurrent()) this.#onSent(address, attemptMs)
    }
    const call = { method, address, path: this.#pathOf(attemptMs), accept, body, onSent }
    if (this.#order.address === null) this.#limitWait(address, attemptMs)
    this.#exchange = this.#host.http.send(call)
    this.#exchange.answer.then(
      (answer) => isCurrent() && this.#onAnswer(address, answer),
      (error: unknown) => isCurrent() && this.#onFailure(address, wasSent && !wasUnread(error), error),
    )
  }

  /** A place in a session names its cluster itself. */
  #pathOf(attemptMs: number): string {
    const path = this.#order.path(this.#memberTimeoutMs(attemptMs), this.#slot)
    const isPinned = this.#order.isPinned && this.#slot === null
    return isPinned ? path + this.#host.cluster.parameter : path
  }

  #awaitSession(): void {
    const isCurrent = this.#begin()
    const wait = this.#host.sessions.open()
    this.#leaveSessions = () => wait.leave()
    wait.opened.then(
      () => isCurrent() && this.#attempt(),
      (error: unknown) => isCurrent() && this.#onNoSession(error),
    )
  }

  /** Begins an attempt. Returns what tells whether it is still the one under way. */
  #begin(): () => boolean {
    const attempt = (this.#attempts += 1)
    return () => this.#end !== null && this.#attempts === attempt
  }

  /** What a member may take: somewhat less than is left, so that its own word on the outcome still arrives. */
  #memberTimeoutMs(attemptMs: number): number {
    const leftMs = this.#endMs - this.#host.environment.monotonicMs()
    const ownMs = leftMs - Math.min(100, leftMs / 10)
    const isPatient = this.#order.repeats === 'never'
    return Math.max(1, Math.floor(isPatient ? ownMs : Math.min(ownMs, attemptMs)))
  }

  /**
   * Gives the request so long to leave. One that waits for a connection behind others, which a member that hangs keeps for
   * ever, certainly has not left once it is cancelled: it goes to another member, whatever it is.
   */
  #limitWait(address: string, attemptMs: number): void {
    this.#cancelTimer = this.#host.environment.setTimer(attemptMs, () => {
      this.#onFailure(address, false, new Error(`none was free or made within ${attemptMs} ms`))
    })
  }

  #onSent(address: string, attemptMs: number): void {
    this.#isSent = true
    this.#cancelTimer()
    this.#cancelTimer = () => {}
    if (this.#order.repeats === 'never' || this.#order.address !== null) return
    this.#cancelTimer = this.#host.environment.setTimer(attemptMs, () => {
      const error = new QuorateError('TIMED_OUT', `${address} did not answer within ${attemptMs} ms`)
      this.#onError(address, error)
    })
  }

  #onAnswer(address: string, answer: HttpAnswer): void {
    const failed = errorOfAnswer(answer, this.#order.accept, address)
    const error = failed ?? (this.#order.isPinned ? this.#host.cluster.check(answer, address) : null)
    const isOurs = this.#host.cluster.isOurs(answer)
    if (isOurs) this.#host.addresses.onMembers(announcedMembers(answer), address)
    if (error !== null) return this.#onError(address, error, isOurs)
    let result: Result
    try {
      result = this.#order.read(answer)
    } catch (thrown) {
      return this.#onError(address, foreignAnswer(answer, address, thrown))
    }
    const hint = addressSchema.safeParse(answer.headers['quorate-leader'])
    if (hint.success && isOurs) this.#host.addresses.onLeader(hint.data, address)
    this.#end?.({ result })
  }

  #onFailure(address: string, wasSent: boolean, error: unknown): void {
    const message = `the connection to ${address} ${wasSent ? 'was lost' : 'could not be made'}: ${describeError(error)}`
    const outcome = wasSent ? 'unknown' : 'notDone'
    const lost = new QuorateError('CONNECTION_LOST', message, { outcome, cause: error })
    if (wasSent || this.#order.address !== null) return this.#onError(address, lost)
    this.#isSent = false
    this.#unreached = lost
    this.#host.addresses.onUseless(address)
    this.#retryAfter(this.#backoff.takeMs())
  }

  /** `isOurs`: a member of the cluster says so, and not the client itself or something else. */
  #onError(address: string, error: QuorateError, isOurs = false): void {
    this.#isSent = false
    if (error.outcome !== 'notDone' && this.#order.repeats === 'inSession') this.#isInDoubt = true
    if (error.code === 'SESSION_EXPIRED' && this.#slot !== null) return this.#onExpired(this.#slot, error)
    const isLast = this.#order.address !== null || this.#isElsewhereToo(address, error)
    if (isLast || !mayRetry(error, this.#order.repeats)) return this.#end?.({ error: this.#asMine(error) })
    if (error.code === 'CONNECTION_LOST') this.#unreached = this.#asMine(error)
    else this.#refusal = this.#asMine(error)
    const hint = error.leader?.clientAddress ?? null
    this.#host.addresses.onUseless(address)
    const isHint = error.code === 'NOT_LEADER' && hint !== null && hint !== address && isOurs
    if (!isHint || !this.#host.addresses.onLeader(hint, address)) return this.#retryAfter(this.#backoff.takeMs())
    this.#hints += 1
    this.#retryAfter(this.#hints <= hintsAtOnce ? 0 : this.#backoff.takeMs())
  }

  /** True if every address that can be asked has been found to belong to another cluster. */
  #isElsewhereToo(address: string, error: QuorateError): boolean {
    if (error.code !== 'WRONG_CLUSTER') return false
    this.#strangers.add(address)
    return this.#host.addresses.choices(this.#order.mayLag).every((each) => this.#strangers.has(each))
  }

  /** The session is gone, and with it what it knew: only a command that is not in doubt goes on, in another one. */
  #onExpired(slot: Slot, error: QuorateError): void {
    this.#host.sessions.onExpired(slot.session)
    if (this.#isInDoubt) return this.#end?.({ error: this.#asMine(error) })
    slot.release()
    this.#slot = null
    this.#refusal = error
    this.#retryAfter(this.#backoff.takeMs())
  }

  #onNoSession(error: unknown): void {
    const refusal = error instanceof QuorateError ? error : unexpected(error)
    if (refusal.code === 'WRONG_CLUSTER' || !mayRetry(refusal, 'freely')) {
      return this.#end?.({ error: this.#asMine(refusal) })
    }
    this.#refusal = refusal
    this.#retryAfter(this.#backoff.takeMs())
  }

  #retryAfter(delayMs: number): void {
    this.#drop()
    if (delayMs === 0) return this.#attempt()
    this.#cancelTimer = this.#host.environment.setTimer(delayMs, () => this.#attempt())
  }

  #onDeadline(): void {
    const { what, timeoutMs, repeats } = this.#order
    const isUnheard = repeats === 'freely' && this.#exchange && !this.#refusal && !this.#unreached
    if (this.#mayHaveHappened || isUnheard) {
      return this.stop('TIMED_OUT', `${what} was not answered within ${timeoutMs} ms`, this.#cause)
    }
    const isWithoutSession = repeats === 'inSession' && this.#slot === null
    const opening = isWithoutSession ? this.#host.sessions.undone(what, timeoutMs) : null
    this.#end?.({ error: opening ?? this.undone(what, timeoutMs) })
  }

  /** What is said of one attempt, as it is for all of them. */
  #asMine(error: QuorateError): QuorateError {
    const outcome = this.#order.repeats === 'freely' ? 'notDone' : this.#isInDoubt ? 'unknown' : error.outcome
    if (outcome === error.outcome) return error
    const { code, message, leader, cause } = error
    const doubt = outcome === 'unknown' ? '; it was sent before, and may have happened then' : ''
    return new QuorateError(code, `${message}${doubt}`, { outcome, leader, cause })
  }

  /** Gives up the attempt under way, or the pause before the next. */
  #drop(): void {
    this.#cancelTimer()
    this.#cancelTimer = () => {}
    this.#attempts += 1
    this.#leaveSessions()
    this.#leaveSessions = () => {}
    this.#exchange?.cancel()
    this.#exchange = null
  }
}

/** What was sent was certainly not read, says how its connection ended. */
function wasUnread(error: unknown): boolean {
  return error instanceof QuorateError && error.outcome === 'notDone'
}

function unexpected(error: unknown): QuorateError {
  return new QuorateError('INTERNAL', describeError(error), { outcome: 'notDone', cause: error })
}
