import { hexOfBytes, onAborted, QuorateError, type Position, type Settled, type Token } from '@quorate/contracts'
import type { Proposal } from './proposal.js'
import type { Outcome, ReplicatedState } from './replicated-state.js'
import type { RawResult } from './replica.js'
import { noRoomInSession } from './refusals.js'
import { Requests, type Request, type RequestOptions, type RequestsHost } from './requests.js'
import { encodeOpening } from './sessions/opening.js'
import { nonceBytes } from './sessions/session-codec.js'

type ProposalRequest = Request<Proposal, RawResult>

/** A command's place in a session that its caller has opened and counts in. */
export interface SessionOptions {
  /** What `openSession` gave; a plain number does as well. */
  readonly id: number
  /** The caller's count of it, from 1. */
  readonly sequence: number
  /** Answers below this count are no longer wanted. */
  readonly lowestUnacknowledged: number
}

/**
 * Commands under way. One ends when **this member applies it**, whichever leader brought it into the log: so its answer is
 * there whoever was asked, its caller reads what it wrote, and an answer that was lost on the way is no loss.
 */
export class Proposals {
  readonly #requests: Requests<Proposal, RawResult>
  readonly #host: RequestsHost<Proposal>
  readonly #state: ReplicatedState
  readonly #sessionTimeoutMs: number
  readonly #waiting = new Map<Position, Map<number, Set<ProposalRequest>>>()
  readonly #opening = new Map<string, Set<ProposalRequest>>()

  constructor(host: RequestsHost<Proposal>, state: ReplicatedState, sessionTimeoutMs: number) {
    this.#host = host
    this.#state = state
    this.#sessionTimeoutMs = sessionTimeoutMs
    this.#requests = new Requests(host, { what: 'the command', outcomeOfUndecided: 'unknown', isRepeatable: true })
  }

  get pending(): number {
    return this.#requests.pending
  }

  get attempts(): number {
    return this.#requests.attempts
  }

  /** Sessions, and nonces of sessions, that somebody waits for here. */
  get places(): number {
    return this.#waiting.size + this.#opening.size
  }

  idle(): Promise<void> {
    return this.#requests.idle()
  }

  onLeadership(): void {
    this.#requests.onLeadership()
  }

  settle(token: Token, result: Settled): void {
    this.#requests.settle(token, result)
  }

  refuseNew(reason: string): void {
    this.#requests.refuseNew(reason)
  }

  close(reason: string): void {
    this.#requests.close(reason)
  }

  /** One command under a session's count. */
  async command(proposal: Omit<Proposal, 'kind'>, options?: RequestOptions): Promise<RawResult> {
    const bySequence = this.#waiting.get(proposal.session) ?? new Map<number, Set<ProposalRequest>>()
    this.#waiting.set(proposal.session, bySequence)
    const here = bySequence.get(proposal.sequence) ?? new Set()
    bySequence.set(proposal.sequence, here)
    let started: ProposalRequest | null = null
    try {
      return await this.#requests.submit({ kind: 'command', ...proposal }, options, (request) => {
        started = request
        here.add(request)
      })
    } finally {
      if (started) here.delete(started)
      if (here.size === 0) bySequence.delete(proposal.sequence)
      if (bySequence.size === 0) this.#waiting.delete(proposal.session)
    }
  }

  /** Waits for something on a caller's behalf, within the caller's own deadline and signal. It did nothing yet. */
  async within(work: Promise<void>, options: RequestOptions = {}): Promise<void> {
    const { environment, timeoutMs: otherwise } = this.#host
    const { signal, timeoutMs = otherwise } = options
    let forget = (): void => {}
    const given = new Promise<never>((_, reject) => {
      const cancelTimer = environment.setTimer(timeoutMs, () => {
        reject(new QuorateError('NO_LEADER', `no member led within ${timeoutMs} ms: the command was not carried out`))
      })
      const onAbort = (): void => {
        reject(new QuorateError('ABORTED', 'the command was given up by its caller', { cause: signal?.reason }))
      }
      if (signal?.aborted) onAbort()
      const ignoreSignal = onAborted(signal, onAbort)
      forget = () => {
        cancelTimer()
        ignoreSignal()
      }
    })
    try {
      await Promise.race([work, given])
    } finally {
      forget()
    }
  }

  /** Opens a session. The same nonce opens the same one. */
  async openSession(nonce: Uint8Array | null, options?: RequestOptions): Promise<Position> {
    const bytes = nonce ?? this.#host.environment.randomBytes(nonceBytes)
    if (!(bytes instanceof Uint8Array) || bytes.length !== nonceBytes) {
      throw new TypeError(
        `a session is opened under a nonce of ${nonceBytes} bytes: make them up once for each session`,
      )
    }
    const command = encodeOpening({ nonce: bytes, timeoutMs: this.#sessionTimeoutMs })
    const key = hexOfBytes(bytes)
    const proposal = { session: 0 as Position, sequence: 0, lowestUnacknowledged: () => 0, command }
    const here = this.#opening.get(key) ?? new Set()
    this.#opening.set(key, here)
    let started: ProposalRequest | null = null
    try {
      const { position } = await this.#requests.submit({ kind: 'openSession', ...proposal }, options, (request) => {
        started = request
        here.add(request)
      })
      return position
    } finally {
      if (started) here.delete(started)
      if (here.size === 0) this.#opening.delete(key)
    }
  }

  /** Something was applied here, an attempt of this member if there is a token. */
  onOutcome(outcome: Outcome, at: Position, token: Token | null): void {
    if (outcome.kind === 'opened') return this.#onOpened(outcome.nonce, outcome.id)
    if (outcome.kind === 'refused' && outcome.code === 'OVERLOADED') return this.#onNoRoom(token)
    for (const request of this.#waiting.get(outcome.session)?.get(outcome.sequence) ?? []) {
      if (outcome.kind === 'answered') this.#requests.end(request, { position: at, result: outcome.result })
      else this.#requests.fail(request, expired(request))
    }
  }

  /** This attempt alone was refused: another one, of this request or of another for the same place, may find room. */
  #onNoRoom(token: Token | null): void {
    if (token === null) return
    this.#requests.settle(token, { kind: 'refused', reason: 'overloaded', leader: null, detail: noRoomInSession })
  }

  /** A snapshot took the place of commands that this member never applied one by one: their answers are in its table. */
  onInstalled(at: Position): void {
    for (const [session, bySequence] of this.#waiting) {
      for (const [sequence, requests] of bySequence) {
        const result = this.#state.sessions.resultOf(session, sequence)
        for (const request of requests) {
          if (result) this.#requests.end(request, { position: at, result })
          else this.#requests.onSkipped(request)
        }
      }
    }
    for (const requests of this.#opening.values()) {
      for (const request of requests) {
        const id = this.#state.sessions.idOf(request.payload.command.subarray(0, nonceBytes))
        if (id !== null) this.#requests.end(request, { position: id, result: new Uint8Array() })
      }
    }
  }

  #onOpened(nonce: Uint8Array, id: Position | null): void {
    const message = 'the cluster has as many sessions as it can hold: close some clients, or wait until theirs expire'
    for (const request of this.#opening.get(hexOfBytes(nonce)) ?? []) {
      if (id !== null) this.#requests.end(request, { position: id, result: new Uint8Array() })
      else this.#requests.fail(request, new QuorateError('OVERLOADED', message))
    }
  }
}

/**
 * The session has ended, or the count was acknowledged: for this and for every later attempt. An earlier one would have
 * been answered here, unless a snapshot passed over it.
 */
function expired({ isInDoubt, skipped }: ProposalRequest): QuorateError {
  const outcome = isInDoubt || skipped.size > 0 ? 'unknown' : 'notDone'
  const message = 'the session has ended, or this command of it was acknowledged before: open another session'
  return new QuorateError('SESSION_EXPIRED', message, { outcome })
}
