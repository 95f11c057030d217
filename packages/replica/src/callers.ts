import {
  bytesOfHex,
  equalBytes,
  QuorateError,
  token as tokenOf,
  type Input,
  type NodeId,
  type OpenStorage,
  type Position,
  type RunningTransport,
  type Token,
} from '@quorate/contracts'
import type { Applier } from './applier.js'
import type { ForwardReply } from './forward-frames.js'
import type { WarningCode } from './events.js'
import { Forwarding } from './forwarding.js'
import type { LeaderView } from './leader-view.js'
import type { CheckedOptions } from './options.js'
import type { Proposal } from './proposal.js'
import { Proposals } from './proposals.js'
import { ProposalsInFlight } from './proposals-in-flight.js'
import type { Ending } from './refusals.js'
import type { Outcome, ReplicatedState } from './replicated-state.js'
import type { CommandOptions, RawResult } from './replica.js'
import type { Pending, Queues } from './queues.js'
import { Requests, timeoutOf, type RequestOptions } from './requests.js'
import { handleOf, keyOfHandle, type SessionHandle } from './sessions/handle.js'
import { OwnSessions, type Slot } from './sessions/own-sessions.js'
import { SessionRoom } from './sessions/session-room.js'
import { sessionResultsMax, type SessionKey } from './sessions/session.js'
import { stampedActivation, stampedClock, stampedProposal } from './stamps.js'
import { firstVersion, type Versions } from './versions/version-list.js'
import { whyUnfit } from './versions/vetting.js'

/**
 * Between two sessions for one command, in milliseconds: the pause doubles. Each try costs entries of the log, so whatever
 * ends sessions at once must not be answered at full speed.
 */
const [pauseMsMin, pauseMsMax] = [20, 1_000]

/** Says since which version of the machine a command exists. Throws `INVALID_COMMAND` for bytes that are none. */
export type SinceOf = (command: Uint8Array) => number

/** What calls need of the driver. */
export interface CallersHost {
  readonly options: CheckedOptions
  /** How often this member has started, this time included. */
  readonly starts: number
  /** The cluster that this member belongs to. */
  readonly clusterId: string
  readonly storage: OpenStorage
  readonly state: ReplicatedState
  readonly leader: LeaderView
  readonly applier: Applier
  /** Enqueues for the protocol; false when the mailbox is full. Neither messages nor admin commands come this way. */
  offer(input: Input<never, never>): boolean
  /** Hands leadership over, if this member has it; how that ends is told to `onSettled`. */
  transfer(token: Token, to: NodeId | null): boolean
  send: RunningTransport['send']
  /** Resolves once commands of this version of the machine may be proposed, or rejects with why they may not. */
  whenActive(version: number, options: RequestOptions, endMs: number): Promise<void>
  warn(code: WarningCode, message: string, about?: string): void
}

/**
 * Everything that is asked of this member, by its own callers and by members that do not lead: commands, barriers of
 * queries, transfers of leadership. Tokens cross the seam to the protocol; the promises stay here.
 */
export class Callers {
  readonly #host: CallersHost
  readonly #cluster: Uint8Array
  readonly #forwarding: Forwarding
  readonly #proposals: Proposals
  readonly #inFlight = new ProposalsInFlight()
  readonly #sessions: OwnSessions
  readonly #room: SessionRoom
  readonly #barriers: Requests<null, Position>
  readonly #transfers: Requests<NodeId | null, null>
  #tokens = 0
  #awaitingSession = 0

  constructor(host: CallersHost) {
    this.#host = host
    this.#cluster = bytesOfHex(host.clusterId)
    const { environment, timeoutMs, requestsMax, sessionTimeoutMs } = host.options
    const nextToken = (): Token => this.nextToken()
    const common = { environment, leader: host.leader, timeoutMs, requestsMax, nextToken }
    this.#forwarding = new Forwarding(
      {
        nextToken,
        send: (to, frame, channel) => host.send(to, frame, channel),
        propose: (token, proposal) => this.#proposeOf(token, proposal),
        barrier: (token) => host.offer({ kind: 'readBarrier', token }),
        transfer: (token, to) => host.transfer(token, to),
        onReply: (token, reply) => this.#onReply(token, reply),
      },
      host.starts,
    )
    this.#proposals = new Proposals({
      ...common,
      hand: (token, proposal) => this.#propose(token, proposal),
      forward: (token, proposal, to) => this.#forwarding.ask(to, token, { kind: 'propose', proposal }),
      state: host.state,
      cluster: this.#cluster,
      sessionTimeoutMs,
    })
    this.#room = new SessionRoom(environment, (message) => host.warn('SESSIONS_NEARLY_FULL', message))
    this.#sessions = new OwnSessions({
      open: () => this.#proposals.openSession('member', null),
      isAlive: (session) => host.state.sessions.has(session),
    })
    this.#barriers = new Requests(
      {
        ...common,
        hand: (token) => host.offer({ kind: 'readBarrier', token }),
        forward: (token, _, to) => this.#forwarding.ask(to, token, { kind: 'barrier' }),
      },
      { what: 'the query', outcomeOfUndecided: 'notDone', isRepeatable: true },
    )
    this.#transfers = new Requests(
      {
        ...common,
        hand: (token, to) => host.transfer(token, to),
        forward: (token, to, leader) => this.#forwarding.ask(leader, token, { kind: 'transfer', to }),
      },
      { what: 'the transfer of leadership', outcomeOfUndecided: 'unknown', isRepeatable: false },
    )
  }

  get pending(): Pending {
    return {
      commands: this.#proposals.pending + this.#awaitingSession,
      queries: this.#barriers.pending,
      transfers: this.#transfers.pending,
      forwarded: this.#forwarding.pending,
    }
  }

  /** What this member remembers for the sake of requests under way. */
  get queues(): Pick<Queues, 'attempts' | 'places' | 'proposed' | 'slots'> {
    return {
      attempts: this.#proposals.attempts + this.#barriers.attempts + this.#transfers.attempts,
      places: this.#proposals.places,
      proposed: this.#inFlight.size,
      slots: this.#sessions.slots,
    }
  }

  nextToken(): Token {
    return tokenOf((this.#tokens += 1))
  }

  async propose(
    command: Uint8Array,
    options: CommandOptions = {},
    sinceOf: SinceOf = () => firstVersion,
  ): Promise<RawResult> {
    const { commandBytesMax, environment, timeoutMs } = this.#host.options
    if (command.length > commandBytesMax) {
      const message = `the command has ${command.length} bytes and the limit is ${commandBytesMax}: split it`
      throw new QuorateError('COMMAND_TOO_LARGE', message)
    }
    const machineVersion = sinceOf(command)
    const endMs = environment.monotonicMs() + timeoutOf(options, timeoutMs)
    if (machineVersion > this.#host.state.machine.activeVersion) {
      await this.#host.whenActive(machineVersion, options, endMs)
    }
    const { session } = options
    if (session) {
      const { sequence, lowestUnacknowledged } = checkedCounts(session)
      const key = this.#ownKey(session.id)
      return this.#proposals.command(
        { ...key, machineVersion, sequence, lowestUnacknowledged: () => lowestUnacknowledged, command },
        { ...options, timeoutMs: this.#leftMs(endMs) },
      )
    }
    for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      const slot = this.#sessions.take() ?? (await this.#slotOfNewSession(options, endMs))
      try {
        const { key, sequence } = slot
        const lowestUnacknowledged = (): number => slot.lowestUnacknowledged()
        const proposal = { ...key, machineVersion, sequence, lowestUnacknowledged, command }
        return await this.#proposals.command(proposal, { ...options, timeoutMs: this.#leftMs(endMs) })
      } catch (error) {
        // The session ended while the command was on its way there: another one takes it.
        const hasSessionEnded = isNotDone(error, 'SESSION_EXPIRED')
        if (error instanceof QuorateError && error.code === 'SESSION_EXPIRED') slot.onRefused()
        if (!hasSessionEnded || environment.monotonicMs() + pauseMs >= endMs) throw error
      } finally {
        slot.release()
      }
      const pause = new Promise<void>((resolve) => void environment.setTimer(pauseMs, resolve))
      await this.#proposals.within(pause, { ...options, timeoutMs: this.#leftMs(endMs) })
    }
  }

  /** Opens a session for a caller that counts its commands itself. The same nonce opens the same session. */
  async openSession(nonce: Uint8Array | null, options?: RequestOptions): Promise<SessionHandle> {
    const isOpen = nonce !== null && this.#host.state.sessions.idOf({ cluster: this.#cluster, nonce }) !== null
    if (!isOpen) this.#room.checkRate()
    return handleOf(await this.#proposals.openSession('caller', nonce, options))
  }

  /** Ends a session that its caller needs no more. */
  async closeSession(handle: SessionHandle, options?: RequestOptions): Promise<void> {
    await this.#proposals.closeSession(this.#ownKey(handle), options)
  }

  /** True if this member's state has the session. */
  hasSession(handle: SessionHandle): boolean {
    return this.#host.state.sessions.has(keyOfHandle(handle))
  }

  /** Lets replicated time pass, while this member leads. */
  proposeClock(): void {
    this.#offer(this.nextToken(), stampedClock(this.#host.state, this.#cluster))
  }

  /** Activates versions, if this member leads. It may get lost. */
  proposeActivation(versions: Versions): void {
    this.#offer(this.nextToken(), stampedActivation(versions, this.#host.state, this.#cluster))
  }

  /** Resolves when this member has applied all that was answered anywhere before the call. */
  async barrier(options?: RequestOptions): Promise<void> {
    await this.#barriers.submit(null, options)
  }

  async transferLeadership(to: NodeId | null, options?: RequestOptions): Promise<void> {
    await this.#transfers.submit(to, options)
  }

  onLeadership(): void {
    this.#proposals.onLeadership()
    this.#barriers.onLeadership()
    this.#transfers.onLeadership()
  }

  /** Something with a token has ended, and not by being committed. */
  onSettled(token: Token, result: Ending): void {
    for (const each of this.#inFlight.end(token)) this.#settle(each, result)
  }

  #settle(token: Token, result: Ending): void {
    if (this.#forwarding.settle(token, result)) return
    this.#proposals.settle(token, result)
    this.#barriers.settle(token, result)
    if (result.kind === 'done') this.#transfers.answer(token, null)
    else this.#transfers.settle(token, result)
  }

  /** A barrier may be answered from this position on. */
  onRead(token: Token, position: Position): void {
    if (!this.#forwarding.answerBarrier(token, position)) this.#onReadable(token, position)
  }

  /** A command was applied here, which this member had proposed if there is a token. */
  onOutcome(outcome: Outcome | null, at: Position, token: Token | null): void {
    const tokens = token === null ? [] : this.#inFlight.end(token)
    for (const each of tokens) this.#forwarding.onApplied(each, outcome)
    if (outcome?.kind === 'opened') this.#room.onOpened(this.#host.state.sessions)
    if (outcome !== null) this.#proposals.onOutcome(outcome, at, tokens)
  }

  /** A snapshot took the place of commands that were never applied here one by one. */
  onInstalled(at: Position): void {
    this.#proposals.onInstalled(at)
  }

  /** A frame of another member's driver. */
  onFrame(kind: number, from: NodeId, body: Uint8Array): void {
    this.#forwarding.onFrame(kind, from, body)
  }

  /** Takes no more; what is under way goes on. */
  refuseNew(reason: string): void {
    for (const requests of this.#requests()) requests.refuseNew(reason)
  }

  /** Resolves when no command and no query is under way. */
  async idle(): Promise<void> {
    await Promise.all([this.#proposals.idle(), this.#barriers.idle()])
  }

  close(reason: string): void {
    for (const requests of this.#requests()) requests.close(reason)
    this.#inFlight.clear()
  }

  #requests(): readonly { refuseNew(reason: string): void; close(reason: string): void }[] {
    return [this.#proposals, this.#barriers, this.#transfers]
  }

  /** Commands that wait for a session are bounded as those under way are. */
  async #slotOfNewSession(options: CommandOptions, endMs: number): Promise<Slot> {
    const { environment, requestsMax } = this.#host.options
    if (this.#awaitingSession >= requestsMax) {
      const message = `${requestsMax} commands wait for a leader and that is the limit: try again shortly`
      throw new QuorateError('OVERLOADED', message)
    }
    this.#awaitingSession += 1
    try {
      let slot = this.#sessions.take()
      while (slot === null) {
        const opened = this.#proposals.within(this.#sessions.open(), { ...options, timeoutMs: this.#leftMs(endMs) })
        await opened.catch((error: unknown) => {
          // Whoever asked first for the session may have had less time than this caller.
          const mayTryAgain = isNotDone(error, 'NO_LEADER') && environment.monotonicMs() < endMs
          if (!mayTryAgain) throw error
        })
        slot = this.#sessions.take()
      }
      return slot
    } finally {
      this.#awaitingSession -= 1
    }
  }

  /** The session of a handle, if it is one of this cluster. */
  #ownKey(handle: SessionHandle): SessionKey {
    const key = keyOfHandle(handle)
    if (equalBytes(key.cluster, this.#cluster)) return key
    const message =
      `the session was opened in cluster ${handle.clusterId}, and this member belongs to ${this.#host.clusterId}: ` +
      'ask members of that cluster, or open a session here'
    throw new QuorateError('WRONG_CLUSTER', message, { outcome: 'notDone' })
  }

  #leftMs(endMs: number): number {
    return Math.max(1, Math.ceil(endMs - this.#host.options.environment.monotonicMs()))
  }

  #onReadable(token: Token, position: Position): void {
    this.#host.applier.whenApplied(position, () => this.#barriers.answer(token, position))
  }

  #onReply(token: Token, reply: ForwardReply): void {
    if (reply.kind === 'barrier') this.#onReadable(token, reply.position)
    else this.onSettled(token, reply.result)
  }

  /** Another member's proposal, which is checked as if nobody had: its code may be older or newer than this one's. */
  #proposeOf(token: Token, proposal: Proposal): boolean {
    const { state, options } = this.#host
    const { activeVersion } = state.machine
    const { machine, commandBytesMax } = options
    const unfit = whyUnfit(proposal, { machine, activeVersion, commandBytesMax })
    return unfit === null ? this.#propose(token, proposal) : this.#refuse(token, unfit.reason, unfit.detail)
  }

  #refuse(token: Token, reason: Extract<Ending, { kind: 'refused' }>['reason'], detail: string): true {
    const result = { kind: 'refused', reason, leader: this.#host.leader.id, detail } as const
    void this.#host.options.environment.yieldTurn().then(() => this.onSettled(token, result))
    return true
  }

  /** The envelope is written once, here, by whoever leads, into bytes that were never proposed before. */
  #propose(token: Token, proposal: Proposal): boolean {
    const { state, storage, leader } = this.#host
    // After a recovery the log holds commands of the lost cluster, and they count. New ones of it must not get there.
    if (!equalBytes(proposal.cluster, this.#cluster)) {
      return this.#refuse(token, 'wrongCluster', 'it was given to another cluster than the one that it came to')
    }
    if (leader.isSelf && this.#inFlight.join(token, proposal, leader.epoch)) return true
    if (storage.pressure !== 'none') {
      return this.#refuse(token, 'overloaded', 'the disk of the leader is nearly full: free some space there')
    }
    const isTaken = this.#offer(token, stampedProposal(proposal, state))
    if (isTaken && leader.isSelf) this.#inFlight.add(token, proposal, leader.epoch)
    return isTaken
  }

  /** Only the leadership in which it was stamped may bring it into the log (decision 0012). */
  #offer(token: Token, command: Uint8Array): boolean {
    return this.#host.offer({ kind: 'propose', token, command, epoch: this.#host.leader.epoch })
  }
}

/** A caller's own count, which goes into the log: what is no count must not get there. */
function checkedCounts(session: NonNullable<CommandOptions['session']>): NonNullable<CommandOptions['session']> {
  const { sequence, lowestUnacknowledged: lowest } = session
  const areCounts = [sequence, lowest].every((count) => Number.isSafeInteger(count) && count >= 1)
  if (areCounts && lowest <= sequence && sequence - lowest < sessionResultsMax) return session
  throw new TypeError(
    'a place in a session is the id of the session and the counts `sequence` and `lowestUnacknowledged`, whole numbers from ' +
      `1, the second not above the first and less than ${sessionResultsMax} below it; ` +
      `not sequence ${sequence}, lowestUnacknowledged ${lowest}`,
  )
}

/** The command was not carried out, for this reason. */
function isNotDone(error: unknown, code: QuorateError['code']): boolean {
  return error instanceof QuorateError && error.code === code && error.outcome === 'notDone'
}
