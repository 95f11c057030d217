import { QuorateError, RateLimit, type Environment } from '@quorate/contracts'
import { sessionsMax } from './session.js'
import type { SessionTable } from './session-table.js'

/** Sessions that callers may open at one member at once, and then in a second. */
const [openingsBurst, openingsPerSecond] = [1_000, 20]
/** Of `sessionsMax`: from here on it is told, and below the other it may be told again. */
const [nearlyFull, roomAgain] = [0.8, 0.7]

/** Watches how full the table of sessions is, and limits how fast this member's callers fill it. */
export class SessionRoom {
  readonly #limit: RateLimit
  readonly #warn: (message: string) => void
  #isTold = false

  constructor(environment: Pick<Environment, 'monotonicMs'>, warn: (message: string) => void) {
    this.#limit = new RateLimit(environment, openingsBurst, openingsPerSecond)
    this.#warn = warn
  }

  /** Throws `OVERLOADED` when callers have opened as many sessions here as they may for now. */
  checkRate(): void {
    if (this.#limit.take()) return
    const message =
      `callers of this member have opened ${openingsBurst} sessions in a short time, and may open ${openingsPerSecond} more ` +
      'in a second: keep a session for many commands, and close it when it is needed no more'
    throw new QuorateError('OVERLOADED', message)
  }

  /** A session was opened, or there was no room for it. */
  onOpened({ callers }: SessionTable): void {
    if (callers < sessionsMax * roomAgain) this.#isTold = false
    if (this.#isTold || callers < sessionsMax * nearlyFull) return
    this.#isTold = true
    const message =
      `clients have ${callers} of ${sessionsMax} sessions, and a full table opens none: keep one client for a process, ` +
      'close those that are needed no more, or lower sessionTimeoutMs'
    this.#warn(message)
  }
}
