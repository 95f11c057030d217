import { ByteReader, ByteWriter, type Environment, type NodeId } from '@quorate/contracts'
import { frameKind, frameReserveBytes } from '../frame.js'

/** How often each member is asked, in milliseconds. */
const everyMs = 1_000

/** What measuring needs of the driver. */
export interface RoundTripsHost {
  readonly environment: Environment
  /** The other members. */
  others(): readonly NodeId[]
  send(to: NodeId, frame: Uint8Array): void
  /** For how long this process did not run, all in all. */
  stalledMs(): number
  /** `samples`: how many times this link was measured. */
  onMeasured(peer: NodeId, smoothedMs: number, samples: number): void
}

interface Measured {
  readonly smoothedMs: number
  readonly samples: number
}

/** For how long somebody did not run in all, and since when that has not grown: what was asked before says nothing. */
interface Stalled {
  readonly totalMs: number
  readonly sinceMs: number
}

/**
 * How long it takes to say something to another member and be answered, its event loop included and its disk not:
 * once a second, smoothed as TCP smooths it (RFC 6298: seven parts of what was, one of what is). An answer that waited
 * until either of the two woke up does not count: a link is not to be blamed for a machine that slept.
 */
export class RoundTrips {
  readonly #host: RoundTripsHost
  readonly #measured = new Map<NodeId, Measured>()
  readonly #stalled = new Map<NodeId, Stalled>()
  #stalledHere: Stalled = { totalMs: 0, sinceMs: 0 }
  #cancelTimer: () => void = () => {}

  constructor(host: RoundTripsHost) {
    this.#host = host
  }

  start(): void {
    this.#cancelTimer = this.#host.environment.setTimer(everyMs, () => {
      this.start()
      const now = this.#host.environment.monotonicMs()
      for (const peer of this.#host.others()) this.#host.send(peer, frameOf(frameKind.ping, Math.round(now * 1_000)))
    })
  }

  stop(): void {
    this.#cancelTimer()
  }

  /** In milliseconds; null while nothing is known. */
  of(peer: NodeId): number | null {
    return this.#measured.get(peer)?.smoothedMs ?? null
  }

  /** What was measured holds for a connection, and not for the next. */
  onLinkDown(peer: NodeId): void {
    this.#measured.delete(peer)
    this.#stalled.delete(peer)
  }

  onFrame(kind: number, from: NodeId, body: Uint8Array): void {
    if (kind === frameKind.ping) this.#onPing(from, numbersIn(body, 1))
    else if (kind === frameKind.pong) this.#onPong(from, numbersIn(body, 2))
  }

  #onPing(from: NodeId, [sentAtUs]: readonly number[]): void {
    if (sentAtUs === undefined) return
    this.#host.send(from, frameOf(frameKind.pong, sentAtUs, Math.round(this.#host.stalledMs())))
  }

  #onPong(from: NodeId, [sentAtUs, stalledMs]: readonly number[]): void {
    if (sentAtUs === undefined || stalledMs === undefined) return
    const nowMs = this.#host.environment.monotonicMs()
    const sentAtMs = sentAtUs / 1_000
    if (sentAtMs < this.#awakeSince(from, stalledMs, nowMs) || sentAtMs > nowMs) return
    const ms = nowMs - sentAtMs
    const before = this.#measured.get(from) ?? { smoothedMs: ms, samples: 0 }
    const smoothedMs = before.smoothedMs + (ms - before.smoothedMs) / 8
    const samples = before.samples + 1
    this.#measured.set(from, { smoothedMs, samples })
    this.#host.onMeasured(from, smoothedMs, samples)
  }

  /** Since when both have run without a stall, as far as is known here. */
  #awakeSince(peer: NodeId, peerStalledMs: number, nowMs: number): number {
    const here = this.#host.stalledMs()
    if (here !== this.#stalledHere.totalMs) this.#stalledHere = { totalMs: here, sinceMs: nowMs }
    const known = this.#stalled.get(peer)
    if (known?.totalMs !== peerStalledMs) {
      this.#stalled.set(peer, { totalMs: peerStalledMs, sinceMs: known === undefined ? 0 : nowMs })
    }
    return Math.max(this.#stalledHere.sinceMs, this.#stalled.get(peer)?.sinceMs ?? 0)
  }
}

function frameOf(kind: number, ...numbers: readonly number[]): Uint8Array {
  const writer = new ByteWriter(8 * numbers.length, frameReserveBytes)
  for (const number of numbers) writer.u53(number)
  const frame = writer.finish()
  frame[0] = kind
  return frame
}

/** So many numbers; none for other bytes: whoever sent them gets no answer. */
function numbersIn(body: Uint8Array, count: number): readonly number[] {
  const reader = new ByteReader(body)
  const numbers = Array.from({ length: count }, () => reader.u53())
  reader.end()
  return numbers
}
