import { ByteReader, BytesError, ByteWriter, type Environment, type NodeId } from '@quorate/contracts'
import { frameKind, frameReserveBytes } from '../frame.js'

/** How often each member is asked, in milliseconds. */
const everyMs = 1_000

/** What measuring needs of the driver. */
export interface RoundTripsHost {
  readonly environment: Environment
  /** The other members. */
  others(): readonly NodeId[]
  send(to: NodeId, frame: Uint8Array): void
  /** `samples`: how many times this link was measured. */
  onMeasured(peer: NodeId, smoothedMs: number, samples: number): void
}

interface Measured {
  readonly smoothedMs: number
  readonly samples: number
}

/**
 * How long it takes to say something to another member and be answered, its event loop included and its disk not:
 * once a second, smoothed as TCP smooths it (RFC 6298: seven parts of what was, one of what is).
 */
export class RoundTrips {
  readonly #host: RoundTripsHost
  readonly #measured = new Map<NodeId, Measured>()
  #cancelTimer: () => void = () => {}

  constructor(host: RoundTripsHost) {
    this.#host = host
  }

  start(): void {
    this.#cancelTimer = this.#host.environment.setTimer(everyMs, () => {
      this.start()
      const now = this.#host.environment.monotonicMs()
      for (const peer of this.#host.others()) this.#host.send(peer, frameOf(frameKind.ping, now))
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
  }

  onFrame(kind: number, from: NodeId, body: Uint8Array): void {
    const sentAtMs = kind === frameKind.ping || kind === frameKind.pong ? timeIn(body) : null
    if (sentAtMs === null) return
    if (kind === frameKind.ping) return this.#host.send(from, frameOf(frameKind.pong, sentAtMs))
    const ms = this.#host.environment.monotonicMs() - sentAtMs
    if (ms < 0) return
    const before = this.#measured.get(from) ?? { smoothedMs: ms, samples: 0 }
    const smoothedMs = before.smoothedMs + (ms - before.smoothedMs) / 8
    const samples = before.samples + 1
    this.#measured.set(from, { smoothedMs, samples })
    this.#host.onMeasured(from, smoothedMs, samples)
  }
}

function frameOf(kind: number, sentAtMs: number): Uint8Array {
  const frame = new ByteWriter(8, frameReserveBytes).u53(Math.round(sentAtMs * 1_000)).finish()
  frame[0] = kind
  return frame
}

/** Null for bytes that are no time: whoever sent them gets no answer. */
function timeIn(body: Uint8Array): number | null {
  try {
    const reader = new ByteReader(body)
    const sentAtUs = reader.u53()
    reader.end()
    return sentAtUs / 1_000
  } catch (error) {
    if (error instanceof BytesError) return null
    throw error
  }
}
