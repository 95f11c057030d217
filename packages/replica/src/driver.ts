import {
  describeError,
  encodeEnvelope,
  position,
  QuorateError,
  token as tokenOf,
  type NodeId,
  type OpenStorage,
  type Position,
  type Protocol,
  type ProtocolModule,
  type Ready,
  type StateMachine,
  type Token,
} from '@quorate/contracts'
import { Applier } from './applier.js'
import { ClusterClock } from './cluster-clock.js'
import { digestOf } from './digest.js'
import type { Events } from './events.js'
import type { IdentityFile } from './identity-file.js'
import { LeaderView } from './leader-view.js'
import { Loop } from './loop.js'
import type { CheckedOptions } from './options.js'
import { Peers } from './peers.js'
import type { CommandOptions, QueryOptions, RawResult } from './replica.js'
import { Requests, type RequestsHost } from './requests.js'
import type { ReplicaStatus } from './status.js'
import { Writer } from './writer.js'

/** What a driver is made of: everything opened and recovered. */
export interface DriverParts<Message, Admin> {
  readonly options: CheckedOptions
  readonly module: ProtocolModule<Message, Admin>
  readonly protocol: Protocol<Message, Admin>
  readonly storage: OpenStorage
  readonly identity: IdentityFile
  readonly machine: StateMachine
  readonly events: Events
}

/**
 * Runs one protocol over one storage, transport and machine: carries out every Ready in the order that section 7 of the
 * ports demands, and stops for good when something it relies on breaks.
 */
export class Driver<Message, Admin> {
  readonly id: NodeId
  readonly events: Events
  readonly #parts: DriverParts<Message, Admin>
  readonly #loop: Loop<Message, Admin>
  readonly #writer: Writer<Message>
  readonly #applier: Applier
  readonly #clock: ClusterClock
  readonly #peers: Peers<Message, Admin>
  readonly #leader: LeaderView
  readonly #proposals: Requests<Uint8Array, RawResult>
  readonly #barriers: Requests<null, Position>
  #tokens = 0
  #failure: Error | null = null
  #closing: Promise<void> | null = null

  constructor(parts: DriverParts<Message, Admin>) {
    const { options, protocol, storage, identity, machine, events } = parts
    const { environment } = options
    const fail = (error: unknown): void => this.#fail(error)
    this.#parts = parts
    this.id = options.id
    this.events = events
    this.#leader = new LeaderView(options.id, identity.current.founders)
    this.#clock = new ClusterClock(environment)
    this.#loop = new Loop(protocol, environment, options, (ready) => this.#carryOut(ready), fail)
    this.#writer = new Writer(storage, {
      send: (messages) => this.#peers.send(messages),
      onPersisted: (sequence) => this.#loop.post({ kind: 'persisted', sequence }),
      fail,
    })
    this.#applier = new Applier(machine, environment, this.#clock, {
      onResult: (token, position, result) => this.#proposals.answer(token, { position, result }),
      onApplied: (position) => this.#loop.post({ kind: 'applied', position }),
      fail,
    })
    this.#peers = this.#makePeers()
    const host = {
      environment,
      leader: this.#leader,
      timeoutMs: options.timeoutMs,
      requestsMax: options.requestsMax,
      nextToken: () => tokenOf((this.#tokens += 1)),
    }
    const proposals: RequestsHost<Uint8Array> = {
      ...host,
      hand: (token, command) => this.#handProposal(token, command),
    }
    const barriers: RequestsHost<null> = { ...host, hand: (token) => this.#loop.offer({ kind: 'readBarrier', token }) }
    this.#proposals = new Requests(proposals, { what: 'the command', outcomeOfUndecided: 'unknown' })
    this.#barriers = new Requests(barriers, { what: 'the query', outcomeOfUndecided: 'notDone' })
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    await this.#peers.listen(this.#parts.options.transport)
    this.#loop.start()
  }

  propose(command: Uint8Array, options?: CommandOptions): Promise<RawResult> {
    const { commandBytesMax } = this.#parts.options
    if (command.length > commandBytesMax) {
      const message = `the command has ${command.length} bytes and the limit is ${commandBytesMax}: split it`
      return Promise.reject(new QuorateError('COMMAND_TOO_LARGE', message))
    }
    if (this.#parts.storage.pressure !== 'none') {
      const message = 'the disk of this member is nearly full: free some space, or try another member'
      return Promise.reject(new QuorateError('OVERLOADED', message))
    }
    return this.#proposals.submit(command, options)
  }

  async query(query: Uint8Array, options: QueryOptions = {}): Promise<RawResult> {
    const { consistency = 'linearizable' } = options
    if (consistency !== 'linearizable' && consistency !== 'local') {
      throw new TypeError(`consistency is "linearizable" or "local", not "${String(consistency)}"`)
    }
    if (consistency === 'linearizable') await this.#barriers.submit(null, options)
    if (this.#failure || this.#closing)
      throw new QuorateError('STOPPED', 'this replica has stopped', { outcome: 'notDone' })
    return { position: this.#applier.lastApplied, result: this.#parts.machine.query(query) }
  }

  async status(withDigest: boolean): Promise<ReplicaStatus> {
    const { options, protocol, storage, identity, machine, module } = this.#parts
    const onHeld = (heldMs: number): void => {
      if (heldMs > 5)
        this.events.warn('APPLY_HELD', `nothing was applied for ${Math.round(heldMs)} ms while the state was read`)
    }
    const digest = withDigest ? await digestOf(machine, this.#applier, options.environment, onHeld) : null
    const { clusterId, incarnation, starts } = identity.current
    return {
      id: this.id,
      state: this.#failure || this.#closing ? 'stopped' : 'running',
      reason: this.#failure?.message ?? null,
      clusterId,
      incarnation,
      starts,
      machine: { name: machine.name, version: machine.version },
      protocol: { name: module.name, state: protocol.describe() },
      leadership: { leader: this.#leader.id, epoch: this.#leader.epoch, clientAddress: this.#leader.clientAddress },
      members: this.#leader.members,
      lastApplied: this.#applier.lastApplied,
      pending: { commands: this.#proposals.pending, queries: this.#barriers.pending },
      storage: { survives: options.storage.survives, pressure: storage.pressure },
      warnings: this.events.warnings,
      digest,
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  /** Carries out one Ready. Lane one leaves at once; everything of lane two waits in the writer. */
  #carryOut(ready: Ready<Message>): void {
    this.#peers.send(ready.messages)
    this.#writer.push(ready)
    if (ready.members) this.#onMembers(ready.members)
    if (ready.leadership) this.#onLeadership(ready.leadership)
    for (const { token, result } of ready.settled) {
      this.#proposals.settle(token, result)
      this.#barriers.settle(token, result)
    }
    for (const { token, position } of ready.reads) {
      this.#applier.whenApplied(position, () => this.#barriers.answer(token, position))
    }
    if (ready.committed.length > 0) this.#applier.push(ready.committed)
  }

  #onMembers(members: NonNullable<Ready<Message>['members']>): void {
    this.#leader.onMembers(members)
    this.#peers.reach()
    this.events.emit('members', { members })
  }

  #onLeadership(leadership: NonNullable<Ready<Message>['leadership']>): void {
    this.#leader.onLeadership(leadership)
    this.#clock.lead(this.#leader.isSelf)
    this.events.emit('leadership', leadership)
    this.#proposals.onLeadership()
    this.#barriers.onLeadership()
  }

  /** The envelope is written once, here, into bytes that were never proposed before. */
  #handProposal(token: Token, command: Uint8Array): boolean {
    const { machine } = this.#parts
    const envelope = encodeEnvelope({
      kind: 'command',
      codec: machine.codec,
      machineVersion: machine.version,
      ...this.#clock.stamps(),
      session: noSession,
      sessionSequence: 0,
      lowestUnacknowledged: 0,
      command,
    })
    return this.#loop.offer({ kind: 'propose', token, command: envelope })
  }

  #makePeers(): Peers<Message, Admin> {
    const { options, module, identity, events } = this.#parts
    const founder = identity.current.founders.find((member) => member.id === options.id)
    return new Peers({
      environment: options.environment,
      protocol: module,
      identity,
      address: founder?.address ?? '',
      events,
      members: () => this.#leader.members,
      offer: (input) => this.#loop.offer(input),
      post: (input) => this.#loop.post(input),
      fail: (error) => this.#fail(error),
    })
  }

  /** Something that everything rests on broke: stop, say so, and never limp on. */
  #fail(error: unknown): void {
    if (this.#failure || this.#closing) return
    this.#failure = error instanceof Error ? error : new Error(describeError(error))
    this.#parts.options.logger.error({ id: this.id, error: this.#failure.message }, 'this replica has stopped')
    this.#stopTaking(this.#failure.message)
    this.#closing = this.#release().then(() => this.events.emit('stopped', { reason: this.#failure }))
  }

  async #shutDown(): Promise<void> {
    const reason = 'it was closed'
    this.#proposals.refuseNew(reason)
    this.#barriers.refuseNew(reason)
    await this.#settlePending()
    this.#stopTaking(reason)
    await this.#writer.idle
    await this.#release()
    this.events.emit('stopped', { reason: null })
  }

  /** Gives what the protocol has in hand a bounded time to end by itself. */
  async #settlePending(): Promise<void> {
    if (!this.#leader.isSelf) return
    const { environment, closeTimeoutMs } = this.#parts.options
    let cancelTimer = (): void => {}
    const timeout = new Promise<void>((resolve) => {
      cancelTimer = environment.setTimer(closeTimeoutMs, resolve)
    })
    await Promise.race([Promise.all([this.#proposals.idle(), this.#barriers.idle()]), timeout])
    cancelTimer()
  }

  #stopTaking(reason: string): void {
    this.#loop.stop()
    this.#applier.stop()
    this.#proposals.close(reason)
    this.#barriers.close(reason)
  }

  async #release(): Promise<void> {
    for (const close of [() => this.#peers.close(), () => this.#parts.storage.close()]) {
      try {
        await close()
      } catch (error) {
        this.#parts.options.logger.error({ id: this.id, error: describeError(error) }, 'a part did not close')
      }
    }
  }
}

const noSession = position(0)
