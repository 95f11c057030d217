import type { Environment, NodeId, ProtocolTiming } from '@quorate/contracts'
import type { WarningCode } from '../events.js'

/** The same danger is told again after this long, in milliseconds. */
const quietMs = 60_000
/** A round trip may take this part of the time in which an election has to be won: a vote, and some more for luck. */
const tightPart = 5
/** A link is judged once it was measured so often: the first times belong to the start of a process. */
const samplesMin = 5
/** The wall clock may differ from the monotonic one by this much between two looks, in milliseconds. */
const jumpMs = 1_000
const lookEveryMs = 1_000
/** So long a stall is hardly work: a machine that slept, or a process that was stopped, in milliseconds. */
export const sleepMs = 10_000

/** What dangers are measured with, and told to. */
export interface DangersHost {
  readonly environment: Environment
  /** Null for a protocol that never replaces a leader: nothing endangers an election there. */
  readonly timing: ProtocolTiming | null
  warn(code: WarningCode, message: string, about?: string): void
  /** It no longer holds. */
  over(code: WarningCode, about: string): void
}

interface Told {
  readonly atMs: number
  times: number
}

/**
 * Tells the operator what costs elections, or what will: stalls of the event loop and of the disk, round trips that are
 * long for the election timeout, and clocks that jump. Each at once, and then at most once a minute, with how often it
 * was seen since.
 */
export class Dangers {
  readonly #host: DangersHost
  readonly #told = new Map<WarningCode, Told>()
  #aheadMs: number
  #cancelTimer: () => void = () => {}

  constructor(host: DangersHost) {
    this.#host = host
    this.#aheadMs = this.#wallAheadMs()
  }

  start(): void {
    this.#cancelTimer = this.#host.environment.setTimer(lookEveryMs, () => {
      this.start()
      this.#lookAtClock()
    })
  }

  stop(): void {
    this.#cancelTimer()
  }

  /** The loop did not run for so long. */
  onStall(ms: number): void {
    const { timing } = this.#host
    if (timing === null || ms <= timing.heartbeatMs) return
    if (ms >= sleepMs) {
      this.#tell(
        'LOOP_STALLED',
        `this process did not run for ${ms} ms: the machine slept, or the process was stopped; if neither was, move long work out of it`,
      )
      return
    }
    this.#tell(
      'LOOP_STALLED',
      `the event loop stood still for ${ms} ms and heartbeats are due every ${timing.heartbeatMs} ms: ` +
        'move long work out of this process, or raise heartbeat and election timeout',
    )
  }

  /** A write was durable after so long, without the time in which this process did not run. */
  onAppended(ms: number): void {
    const { timing } = this.#host
    if (timing === null || ms <= timing.heartbeatMs) return
    this.#tell(
      'DISK_STALLED',
      `a write took ${Math.round(ms)} ms to be durable and heartbeats are due every ${timing.heartbeatMs} ms: ` +
        'give the journal a faster disk, or raise heartbeat and election timeout',
    )
  }

  onRoundTrip(peer: NodeId, smoothedMs: number, samples: number): void {
    const { timing } = this.#host
    if (timing === null || samples < samplesMin) return
    if (smoothedMs * tightPart <= timing.patienceMs) return this.#host.over('TIGHT_ELECTION_TIMEOUT', peer)
    this.#tell(
      'TIGHT_ELECTION_TIMEOUT',
      `a round trip to ${peer} takes ${Math.round(smoothedMs)} ms, and after ${timing.patienceMs} ms without a leader ` +
        `members want to replace it: choose an election timeout of at least ${Math.ceil(smoothedMs * tightPart)} ms`,
      peer,
    )
  }

  /** The monotonic clock went back, which it must not. */
  onClockBack(ms: number): void {
    this.#tell(
      'CLOCK_JUMPED',
      `the monotonic clock went back by ${Math.round(ms)} ms: this machine cannot be trusted with time`,
    )
  }

  #lookAtClock(): void {
    const ahead = this.#wallAheadMs()
    const jump = Math.round(ahead - this.#aheadMs)
    this.#aheadMs = ahead
    if (Math.abs(jump) <= jumpMs) return
    const what =
      jump > 0
        ? `this machine slept for ${jump} ms, or its wall clock was set ahead by that`
        : `the wall clock was set back by ${-jump} ms`
    this.#tell('CLOCK_JUMPED', `${what}: times that are shown may be off, and nothing is decided by them`)
  }

  #wallAheadMs(): number {
    return this.#host.environment.wallMs() - this.#host.environment.monotonicMs()
  }

  #tell(code: WarningCode, message: string, about?: string): void {
    const now = this.#host.environment.monotonicMs()
    const told = this.#told.get(code)
    if (told && now - told.atMs < quietMs) {
      told.times += 1
      return
    }
    this.#told.set(code, { atMs: now, times: 0 })
    const since = told && told.times > 0 ? ` (${told.times} times more since it was last told)` : ''
    this.#host.warn(code, message + since, about)
  }
}
