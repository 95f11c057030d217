import { describeError, QuorateError, type Metrics, type NodeId, type Ready } from '@quorate/contracts'
import { Applier } from './applier.js'
import { Callers, type SinceOf } from './callers.js'
import { ClockKeeper } from './clock-keeper.js'
import { closeInOrder } from './close-in-order.js'
import { describeStatus } from './describe-status.js'
import { digestOf } from './digest.js'
import { Digests } from './digests.js'
import type { DriverParts } from './driver-parts.js'
import type { Events } from './events.js'
import { guardedEnvironment } from './guarded-environment.js'
import { handOver } from './hand-over.js'
import { Health } from './health/health.js'
import { guardedMetrics } from './health/guarded-metrics.js'
import { MetricsRegistry } from './health/metrics-registry.js'
import { LeaderView } from './leader-view.js'
import { Loop } from './loop.js'
import { clientAddressOfSelf } from './options.js'
import { Peers } from './peers.js'
import { queuesOf } from './queues.js'
import type { CommandOptions, QueryOptions, RawResult } from './replica.js'
import { Snapshots } from './snapshots/snapshots.js'
import type { ReplicaStatus } from './status.js'
import { StorageWatch } from './storage-watch.js'
import { Activation } from './versions/activation.js'
import { announcedMachine } from './versions/command-lists.js'
import { untilOrFor } from './until-or-for.js'
import { Writer } from './writer.js'

/** Shorter pauses of the applier are not worth a word, in milliseconds. */
const heldMsMin = 5

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
  readonly #clockKeeper: ClockKeeper
  readonly #activation: Activation
  readonly #storageWatch: StorageWatch
  readonly #peers: Peers<Message, Admin>
  readonly #leader: LeaderView
  readonly #callers: Callers
  readonly snapshots: Snapshots
  readonly #health: Health
  readonly #digests: Digests
  readonly metrics: Metrics
  #failure: Error | null = null
  #closing: Promise<void> | null = null
  readonly #queues = () => queuesOf(this.#loop, this.#writer, this.#applier, this.#callers, this.snapshots)

  constructor(given: DriverParts<Message, Admin>) {
    const fail = (error: unknown): void => this.#fail(error)
    const environment = guardedEnvironment(given.options.environment, fail)
    const parts = { ...given, options: { ...given.options, environment } }
    const { options, protocol, storage, identity, state, events } = parts
    this.#parts = parts
    this.id = options.id
    this.events = events
    this.metrics = guardedMetrics(options.metrics ?? new MetricsRegistry(), options.logger)
    this.#leader = new LeaderView(options.id, identity.current.founders, clientAddressOfSelf(options))
    this.#health = this.#makeHealth()
    this.#loop = new Loop(protocol, environment, options, {
      carryOut: (ready) => this.#carryOut(ready),
      onMissed: (ticks) => {
        this.#clockKeeper.onStall(ticks * options.tickMs)
        this.#health.onMissedTicks(ticks)
      },
      onClockBack: (ms) => {
        state.clock.onClockBack(ms)
        this.#health.onClockBack(ms)
      },
      fail,
    })
    this.#writer = new Writer(storage, environment, parts.recovered, {
      send: (messages) => this.#peers.send(messages),
      onPersisted: (sequence) => this.#loop.post({ kind: 'persisted', sequence }),
      onAppended: (batch, ms) => this.#health.onAppended(batch, ms),
      fail,
    })
    this.#applier = new Applier(state, environment, parts.at, {
      onOutcome: (outcome, at, token) => this.#callers.onOutcome(this.#activation.onApplied(outcome, at), at, token),
      onApplied: (position, bytes) => {
        this.#clockKeeper.onApplied()
        this.#loop.post({ kind: 'applied', position })
        this.snapshots.onApplied(position, bytes)
      },
      fail,
    })
    this.#peers = this.#makePeers()
    this.#callers = new Callers({
      options,
      starts: identity.current.starts,
      clusterId: identity.current.clusterId,
      storage,
      state,
      leader: this.#leader,
      applier: this.#applier,
      offer: (input) => this.#loop.offer(input),
      transfer: (token, to) => this.#clockKeeper.first(() => this.#loop.post({ kind: 'transfer', token, to })),
      send: (to, frame, channel) => this.#peers.sendFrame(to, frame, channel),
      whenActive: (version, asked, endMs) => this.#activation.whenActive(version, asked, endMs),
      warn: (code, message, about) => this.events.warn(code, message, about),
    })
    this.snapshots = this.#makeSnapshots()
    this.#digests = new Digests({
      environment,
      digest: () => digestOf(state, this.#applier, environment, (ms) => this.#onHeld(ms)),
      sleptWithin: (ms) => this.#health.sleptWithin(ms),
    })
    this.#clockKeeper = this.#makeClockKeeper()
    this.#activation = this.#makeActivation()
    this.#storageWatch = new StorageWatch({
      environment,
      storage,
      leads: () => this.#leader.isSelf,
      offerLeadership: () => void this.#handOver('its disk is nearly full'),
      fail,
    })
  }

  /** Resolves when it listens, and every member that can be reached knows it. */
  async start(): Promise<void> {
    await this.#peers.listen(this.#parts.options.transport)
    if (this.#failure) throw this.#failure
    this.#loop.start()
    this.#storageWatch.start()
    this.#health.start()
  }

  /** `sinceOf` says since which version of the machine the command exists, and throws for bytes that are none. */
  propose(command: Uint8Array, options?: CommandOptions, sinceOf?: SinceOf): Promise<RawResult> {
    return this.#health.call('command', () => this.#callers.propose(command, options, sinceOf))
  }

  query(query: Uint8Array, options?: QueryOptions): Promise<RawResult> {
    return this.#health.call('query', () => this.#query(query, options))
  }

  /** The cluster that this member belongs to. */
  get clusterId(): string {
    return this.#parts.identity.current.clusterId
  }

  /** What else callers ask of this member. */
  get callers(): Callers {
    return this.#callers
  }

  async #query(query: Uint8Array, options: QueryOptions = {}): Promise<RawResult> {
    const { consistency = 'linearizable' } = options
    if (consistency !== 'linearizable' && consistency !== 'local') {
      throw new TypeError(`consistency is "linearizable" or "local", not "${String(consistency)}"`)
    }
    if (consistency === 'linearizable') await this.#callers.barrier(options)
    if (this.#failure || this.#closing)
      throw new QuorateError('STOPPED', 'this replica has stopped', { outcome: 'notDone' })
    return { position: this.#applier.lastApplied, result: this.#parts.state.machine.query(query) }
  }

  status(withDigest: boolean): Promise<ReplicaStatus> {
    return describeStatus({
      ...this.#parts,
      id: this.id,
      isStopped: this.#failure !== null || this.#closing !== null,
      failure: this.#failure,
      applier: this.#applier,
      leader: this.#leader,
      peers: this.#peers,
      health: this.#health,
      callers: this.#callers,
      snapshots: this.snapshots,
      queues: this.#queues,
      digests: withDigest ? this.#digests : null,
    })
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
    for (const { token, result } of ready.settled) this.#callers.onSettled(token, result)
    for (const { token, position } of ready.reads) this.#callers.onRead(token, position)
    if (ready.fetchSnapshot) this.snapshots.fetch(ready.fetchSnapshot.from, ready.fetchSnapshot.meta)
    if (ready.installSnapshot) this.#applier.install(this.snapshots.install(ready.installSnapshot))
    if (ready.committed.length > 0) this.#applier.push(ready.committed)
  }

  #onMembers(members: NonNullable<Ready<Message>['members']>): void {
    this.#leader.onMembers(members)
    this.#peers.reach()
    this.#activation.look()
    this.events.emit('members', { members: this.#leader.members })
  }

  #onLeadership(leadership: NonNullable<Ready<Message>['leadership']>): void {
    this.#leader.onLeadership(leadership)
    this.#parts.state.clock.onLeadership(leadership, this.id)
    this.#clockKeeper.onLeadership(this.#leader.isSelf)
    this.events.emit('leadership', leadership)
    this.#callers.onLeadership()
    this.#activation.onLeadership()
  }

  #makeSnapshots(): Snapshots {
    const { options, storage, state, protocol, at } = this.#parts
    return new Snapshots(
      {
        environment: options.environment,
        storage,
        state,
        applier: this.#applier,
        limits: options,
        warn: (code, message, about) => this.events.warn(code, message, about),
        metaAt: (position) => protocol.snapshotMeta(position),
        post: (input) => this.#loop.post(input),
        send: (to, frame, channel) => this.#peers.sendFrame(to, frame, channel),
        written: async () => {
          await this.#writer.idle
          if (this.#failure) throw this.#failure
        },
        onHeld: (ms) => this.#onHeld(ms),
        onSnapshot: (how, position) => {
          if (how === 'installed') {
            this.#callers.onInstalled(position)
            this.#activation.look()
          }
          this.events.emit('snapshot', { how, position })
        },
      },
      at,
    )
  }

  #makeHealth(): Health {
    const { options, module, protocol, state, events } = this.#parts
    return new Health({
      environment: options.environment,
      events,
      metrics: this.metrics,
      timing: module.timing,
      tickMs: options.tickMs,
      signs: {
        isLeader: () => this.#leader.isSelf,
        epoch: () => this.#leader.epoch,
        lastApplied: () => this.#applier.lastApplied,
        clusterTimeMs: () => state.clock.applied.clusterTime,
        sessions: () => state.sessions.size,
        pending: () => this.#callers.pending,
        queues: this.#queues,
        snapshot: () => this.snapshots.status,
        behind: () => new Map(protocol.progress().map(({ id, behind }) => [id, behind])),
      },
      others: () => this.#peers.others(),
      unseenTicks: () => this.#loop.unseenTicks,
      send: (to, frame) => void this.#peers.sendFrame(to, frame, 'control'),
    })
  }

  #makeClockKeeper(): ClockKeeper {
    const { options, state, module, storage } = this.#parts
    return new ClockKeeper({
      environment: options.environment,
      state,
      timing: module.timing,
      commitMs: options.closeTimeoutMs,
      propose: () => this.#callers.proposeClock(),
      isShort: () => storage.pressure !== 'none',
      fail: (error) => this.#fail(error),
    })
  }

  #makeActivation(): Activation {
    const { options, state } = this.#parts
    return new Activation({
      options,
      state,
      events: this.events,
      leader: this.#leader,
      peers: this.#peers,
      propose: (versions) => this.#callers.proposeActivation(versions),
    })
  }

  #makePeers(): Peers<Message, Admin> {
    const { options, module, identity, events } = this.#parts
    const founder = identity.current.founders.find((member) => member.id === options.id)
    return new Peers({
      environment: options.environment,
      protocol: module,
      identity,
      storage: this.#parts.storage,
      journal: this.#writer,
      address: founder?.address ?? '',
      machine: announcedMachine(options.machine),
      supports: this.#parts.state.supported,
      events,
      leader: this.#leader,
      offer: (input) => this.#loop.offer(input),
      post: (input) => this.#loop.post(input),
      fail: (error) => this.#fail(error),
      onDriverFrame: (kind, from, body) => {
        this.#callers.onFrame(kind, from, body)
        this.snapshots.onFrame(kind, from, body)
        this.#health.onFrame(kind, from, body)
      },
      onLink: (peer, state) => {
        this.snapshots.onLink(peer, state)
        this.#activation.look()
        this.#health.onLink(peer, state)
      },
      onTraffic: (way, channel) => this.#health.onTraffic(way, channel),
    })
  }

  #onHeld(ms: number): void {
    if (ms - this.#health.sleptWithin(ms) <= heldMsMin) return
    this.events.warn('APPLY_HELD', `nothing was applied for ${Math.round(ms)} ms while the state was read`)
  }

  /**
   * Something that everything rests on broke: stop, say so, and never limp on. While it closes there is no more to stop
   * than that: what is pending ends now, and nobody waits for it.
   */
  #fail(error: unknown): void {
    if (this.#failure) return
    this.#failure = error instanceof Error ? error : new Error(describeError(error))
    this.#parts.options.logger.error({ id: this.id, error: this.#failure.message }, 'this replica has stopped')
    this.#stopTaking(this.#failure.message)
    this.#closing ??= this.#release().then(() => this.#tellStopped())
  }

  async #shutDown(): Promise<void> {
    const reason = 'it was closed'
    const isHandedOver = this.#handOver(reason)
    this.#callers.refuseNew(reason)
    // What is under way has a bounded time to end by itself.
    const { environment, closeTimeoutMs } = this.#parts.options
    if (this.#leader.id !== null) await untilOrFor(this.#callers.idle(), environment, closeTimeoutMs)
    await isHandedOver
    this.#stopTaking(reason)
    await this.#writer.idle
    await this.#release()
    this.#tellStopped()
  }

  #tellStopped(): void {
    this.events.emit('stopped', { reason: this.#failure })
  }

  #handOver(reason: string): Promise<void> {
    const hasOthers = this.#peers.others().length > 0
    return handOver(this.#parts.options, this.#leader, hasOthers, this.#callers, this.#clockKeeper, reason)
  }

  #stopTaking(reason: string): void {
    this.#loop.stop()
    this.#clockKeeper.stop()
    this.#activation.stop()
    this.#storageWatch.stop()
    this.#health.stop()
    this.#applier.stop()
    this.#callers.close(reason)
  }

  async #release(): Promise<void> {
    const { options, storage } = this.#parts
    const parts = [() => this.snapshots.close(), () => this.#peers.close(), () => storage.close()]
    await closeInOrder(parts, { id: this.id, logger: options.logger })
    this.events.close()
  }
}
