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

/** What dangers are measured with, and told to. */
export interface DangersHost {
  readonly environment: Environment
  /** Null for a protocol that never replaces a leader: nothing endangers an election there. */
  readonly timing: ProtocolTiming | null
  readonly tickMs: number
  warn(code: WarningCode, message: string): void
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

  onMissedTicks(ticks: number): void {
    const { timing, tickMs } = this.#host
    const ms = ticks * tickMs
    if (timing === null || ms <= timing.heartbeatMs) return
    this.#tell(
      'LOOP_STALLED',
      `the event loop stood still for ${ms} ms and heartbeats are due every ${timing.heartbeatMs} ms: ` +
        'move long work out of this process, or raise heartbeat and election timeout',
    )
  }

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
    if (timing === null || samples < samplesMin || smoothedMs * tightPart <= timing.patienceMs) return
    this.#tell(
      'TIGHT_ELECTION_TIMEOUT',
      `a round trip to ${peer} takes ${Math.round(smoothedMs)} ms, and after ${timing.patienceMs} ms without a leader ` +
        `members want to replace it: choose an election timeout of at least ${Math.ceil(smoothedMs * tightPart)} ms`,
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
    this.#tell(
      'CLOCK_JUMPED',
      `the wall clock jumped ${jump > 0 ? 'ahead' : 'back'} by ${Math.abs(jump)} ms, or this machine slept: ` +
        'times that are shown are off, and nothing is decided by them',
    )
  }

  #wallAheadMs(): number {
    return this.#host.environment.wallMs() - this.#host.environment.monotonicMs()
  }

  #tell(code: WarningCode, message: string): void {
    const now = this.#host.environment.monotonicMs()
    const told = this.#told.get(code)
    if (told && now - told.atMs < quietMs) {
      told.times += 1
      return
    }
    this.#told.set(code, { atMs: now, times: 0 })
    const since = told && told.times > 0 ? ` (${told.times} times more since it was last told)` : ''
    this.#host.warn(code, message + since)
  }
}
