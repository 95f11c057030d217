import { equalBytes, onAborted, QuorateError, sessionNonceBytes, type Position, type Token } from '@quorate/contracts'
import type { Proposal } from './proposal.js'
import { noRoomInSession, type Ending } from './refusals.js'
import type { Outcome, ReplicatedState } from './replicated-state.js'
import type { RawResult } from './replica.js'
import { Requests, type RequestOptions, type RequestsHost } from './requests.js'
import { digestOfCommand, isSameDigest } from './sessions/command-digest.js'
import type { SessionHandle } from './sessions/handle.js'
import { encodeOpening } from './sessions/opening.js'
import { refusalOfSession, tableIsFull } from './sessions/session-refusals.js'
import { isSameKey, noSession, type SessionKey, type SessionOwner } from './sessions/session.js'
import { firstVersion } from './versions/version-list.js'
import { WaitingProposals, type ProposalRequest } from './waiting-proposals.js'

/** A command's place in a session that its caller has opened and counts in. */
export interface SessionOptions {
  /** What `openSession` resolved to. */
  readonly id: SessionHandle
  /** The caller's count of it, from 1. */
  readonly sequence: number
  /** Answers below this count are no longer wanted. */
  readonly lowestUnacknowledged: number
}

/** What proposals need of the driver. */
export interface ProposalsHost extends RequestsHost<Proposal> {
  readonly state: ReplicatedState
  /** Id of the cluster that this member belongs to. */
  readonly cluster: Uint8Array
  readonly sessionTimeoutMs: number
}

/** A session without answers takes no result. */
const nothing = new Uint8Array()

/**
 * Commands under way. One ends when **this member applies it**, whichever leader brought it into the log: so its answer is
 * there whoever was asked, its caller reads what it wrote, and an answer that was lost on the way is no loss.
 */
export class Proposals {
  readonly #requests: Requests<Proposal, RawResult>
  readonly #host: ProposalsHost
  readonly #waiting = new WaitingProposals()

  constructor(host: ProposalsHost) {
    this.#host = host
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
    return this.#waiting.places
  }

  idle(): Promise<void> {
    return this.#requests.idle()
  }

  onLeadership(): void {
    this.#requests.onLeadership()
  }

  settle(token: Token, result: Ending): void {
    this.#requests.settle(token, result)
  }

  refuseNew(reason: string): void {
    this.#requests.refuseNew(reason)
  }

  close(reason: string): void {
    this.#requests.close(reason)
  }

  /** One command under a session's count. */
  command(proposal: Omit<Proposal, 'kind' | 'codec'>, options?: RequestOptions): Promise<RawResult> {
    return this.#submit({ kind: 'command', codec: this.#host.state.machine.codec, ...proposal }, options)
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
  async openSession(owner: SessionOwner, given: Uint8Array | null, options?: RequestOptions): Promise<SessionKey> {
    const { environment, cluster, sessionTimeoutMs: timeoutMs } = this.#host
    const nonce = given ?? environment.randomBytes(sessionNonceBytes)
    if (!(nonce instanceof Uint8Array) || nonce.length !== sessionNonceBytes) {
      throw new TypeError(
        `a session is opened under a nonce of ${sessionNonceBytes} bytes: make them up once for each session`,
      )
    }
    const proposal = {
      cluster,
      session: noSession,
      nonce,
      ...this.#ownCode(),
      command: encodeOpening({ owner, timeoutMs }),
    }
    const { position } = await this.#submit({ kind: 'openSession', ...proposal }, options)
    return { cluster, session: position, nonce }
  }

  /** Ends a session whose caller needs it no more. */
  async closeSession(key: SessionKey, options?: RequestOptions): Promise<void> {
    await this.#submit({ kind: 'closeSession', ...key, ...this.#ownCode(), command: nothing }, options)
  }

  /** Something was applied here: those attempts of this member, if it was the one that proposed it. */
  onOutcome(outcome: Outcome, at: Position, tokens: readonly Token[]): void {
    if (outcome.kind === 'refused' && outcome.why === 'full') return this.#onNoRoom(tokens)
    switch (outcome.kind) {
      case 'opened':
        for (const request of this.#waiting.openings(outcome.opening)) this.#onOpened(request, outcome.id)
        return
      case 'closed':
        for (const request of this.#waiting.closings(outcome.key)) {
          this.#requests.end(request, { position: at, result: nothing })
        }
        return
      case 'answered':
      case 'refused':
        for (const request of this.#waiting.at(outcome.key.session, outcome.sequence)) {
          if (isOf(request, outcome)) this.#onApplied(request, outcome, at, tokens)
        }
    }
  }

  /** These attempts alone were refused: another one, of this request or of another for the same place, may find room. */
  #onNoRoom(tokens: readonly Token[]): void {
    const result = { kind: 'refused', reason: 'overloaded', leader: null, detail: noRoomInSession } as const
    for (const token of tokens) this.#requests.settle(token, result)
  }

  /** A snapshot took the place of commands that this member never applied one by one: their answers are in its table. */
  onInstalled(at: Position): void {
    const { sessions } = this.#host.state
    for (const request of this.#waiting.all()) {
      const { kind, sequence, command } = request.payload
      if (kind === 'command') {
        const kept = sessions.answerTo(request.payload, sequence)
        if (kept === null) this.#requests.onSkipped(request)
        else if (!isSameDigest(kept.digest, digestOfCommand(command))) {
          this.#requests.fail(request, refusalOfSession('reused', request, []))
        } else if (kept.refused !== null) {
          this.#requests.fail(request, refusalOfSession(kept.refused, request, []))
        } else this.#requests.end(request, { position: at, result: kept.result })
      } else if (kind === 'openSession') {
        const id = sessions.idOf(request.payload)
        if (id !== null) this.#onOpened(request, id)
      } else if (!sessions.has(request.payload)) {
        this.#requests.end(request, { position: at, result: nothing })
      }
    }
  }

  /** What stands in a proposal that is no command of the machine. */
  #ownCode(): Pick<Proposal, 'codec' | 'machineVersion' | 'sequence' | 'lowestUnacknowledged'> {
    const { codec } = this.#host.state.machine
    return { codec, machineVersion: firstVersion, sequence: 0, lowestUnacknowledged: () => 0 }
  }

  async #submit(proposal: Proposal, options?: RequestOptions): Promise<RawResult> {
    let started: ProposalRequest | null = null
    try {
      return await this.#requests.submit(proposal, options, (request) => {
        started = request
        this.#waiting.add(request)
      })
    } finally {
      if (started) this.#waiting.delete(started)
    }
  }

  #onApplied(
    request: ProposalRequest,
    outcome: Extract<Outcome, { kind: 'answered' | 'refused' }>,
    at: Position,
    tokens: readonly Token[],
  ): void {
    if (outcome.kind === 'answered') this.#requests.end(request, { position: at, result: outcome.result })
    else this.#requests.fail(request, refusalOfSession(outcome.why, request, tokens))
  }

  #onOpened(request: ProposalRequest, id: Position | null): void {
    if (id !== null) this.#requests.end(request, { position: id, result: nothing })
    else this.#requests.fail(request, tableIsFull())
  }
}

/** True if the outcome is that of the request: another caller, or another command, may have come under the same count. */
function isOf({ payload }: ProposalRequest, { key, command }: Extract<Outcome, { command: Uint8Array }>): boolean {
  return isSameKey(payload, key) && equalBytes(payload.command, command)
}
