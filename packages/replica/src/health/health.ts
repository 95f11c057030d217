import type { Batch, Channel, Environment, Metrics, NodeId, ProtocolTiming } from '@quorate/contracts'
import type { Events } from '../events.js'
import { Dangers, sleepMs } from './dangers.js'
import { RoundTrips } from './round-trips.js'
import { Stalls } from './stalls.js'
import { Vitals, type VitalSigns } from './vitals.js'

/** What watching a driver needs of it. */
export interface HealthHost {
  readonly environment: Environment
  readonly events: Events
  readonly metrics: Metrics
  readonly timing: ProtocolTiming | null
  readonly tickMs: number
  readonly signs: Omit<VitalSigns, 'roundTripMs'>
  others(): readonly NodeId[]
  /** Ticks that a stall of the loop has swallowed, and that were not reported by {@link Health.onMissedTicks} yet. */
  unseenTicks(): number
  send(to: NodeId, frame: Uint8Array): void
}

/** How a replica fares, for its operator: numbers to draw, and warnings about what will cost an election. */
export class Health {
  readonly vitals: Vitals
  readonly #environment: Environment
  readonly #tickMs: number
  readonly #stalls: Stalls
  readonly #dangers: Dangers
  readonly #roundTrips: RoundTrips

  constructor(host: HealthHost) {
    const { environment, events, metrics, timing, tickMs } = host
    this.#environment = environment
    this.#tickMs = tickMs
    this.#stalls = new Stalls(environment, timing?.heartbeatMs ?? Infinity, () => host.unseenTicks() * tickMs)
    this.#dangers = new Dangers({
      environment,
      timing,
      warn: events.warn.bind(events),
      over: events.over.bind(events),
    })
    this.#roundTrips = new RoundTrips({
      environment,
      others: () => host.others(),
      stalledMs: () => this.#stalls.totalMs,
      send: (to, frame) => host.send(to, frame),
      onMeasured: (peer, ms, samples) => this.#dangers.onRoundTrip(peer, ms, samples),
    })
    this.vitals = new Vitals(metrics, { ...host.signs, roundTripMs: () => this.#roundTripsTo(host.others()) })
    for (const { code } of events.warnings) this.vitals.onWarning(code)
    events.on('warning', ({ code }) => this.vitals.onWarning(code))
    events.on('leadership', () => this.vitals.onLeadership())
    events.on('snapshot', ({ how }) => this.vitals.onSnapshot(how))
  }

  start(): void {
    this.#dangers.start()
    this.#roundTrips.start()
  }

  stop(): void {
    this.#dangers.stop()
    this.#roundTrips.stop()
  }

  /** Smoothed, in milliseconds; null while nothing is known. */
  roundTripTo(peer: NodeId): number | null {
    return this.#roundTrips.of(peer)
  }

  onMissedTicks(ticks: number): void {
    this.vitals.onMissedTicks(ticks)
    this.#stalls.onSeen(ticks * this.#tickMs)
    this.#dangers.onStall(ticks * this.#tickMs)
  }

  onClockBack(ms: number): void {
    this.#dangers.onClockBack(ms)
  }

  onAppended(batch: Batch, ms: number): void {
    this.vitals.onAppended(batch, ms)
    this.#dangers.onAppended(ms - this.#stalls.within(ms))
  }

  /** How much of the last `ms` milliseconds the machine slept, or the process was stopped. */
  sleptWithin(ms: number): number {
    const sleptMs = this.#stalls.within(ms, sleepMs)
    // The tick in which it fell asleep is among those that count as on time.
    return sleptMs === 0 ? 0 : sleptMs + this.#tickMs
  }

  onTraffic(way: 'sent' | 'received' | 'dropped', channel: Channel): void {
    this.vitals.onFrame(way, channel)
  }

  onLink(peer: NodeId, state: 'up' | 'down' | 'gone'): void {
    if (state !== 'up') this.#roundTrips.onLinkDown(peer)
  }

  onFrame(kind: number, from: NodeId, body: Uint8Array): void {
    this.#roundTrips.onFrame(kind, from, body)
  }

  /** Carries a call out, and notes how it ended and how long it took. */
  async call<Result>(kind: 'command' | 'query', run: () => Promise<Result>): Promise<Result> {
    const startMs = this.#environment.monotonicMs()
    const note = (error: unknown): void => this.vitals.onCall(kind, error, this.#environment.monotonicMs() - startMs)
    try {
      const result = await run()
      note(null)
      return result
    } catch (error) {
      note(error)
      throw error
    }
  }

  #roundTripsTo(peers: readonly NodeId[]): ReadonlyMap<string, number> {
    return new Map(
      peers.flatMap((peer) => {
        const ms = this.roundTripTo(peer)
        return ms === null ? [] : [[peer, ms] as const]
      }),
    )
  }
}
