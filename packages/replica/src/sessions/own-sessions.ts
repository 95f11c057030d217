import { QuorateError } from '@quorate/contracts'
import { sessionResultsMax, type SessionKey } from './session.js'

/** A command's place in a session: its count, and what of the earlier ones is still wanted. */
export interface Slot {
  readonly key: SessionKey
  readonly sequence: number
  lowestUnacknowledged(): number
  /** Its answer is here, or nobody wants it any more. */
  release(): void
  /** The session refused a command: no other one is given to it. */
  onRefused(): void
}

/** What own sessions need of the driver. */
export interface OwnSessionsHost {
  /** Opens a session in the cluster. Rejects with what kept it from that. */
  open(): Promise<SessionKey>
  /** False once the session has ended in this member's state. */
  isAlive(session: SessionKey): boolean
}

interface OwnSession {
  readonly key: SessionKey
  readonly outstanding: Set<number>
  last: number
}

/**
 * The sessions of a replica's own callers (decision D11): opened at the first command, replaced when one has ended, and
 * another opened beside it when its window is full.
 */
export class OwnSessions {
  readonly #host: OwnSessionsHost
  #sessions: OwnSession[] = []
  #opening: Promise<void> | null = null

  constructor(host: OwnSessionsHost) {
    this.#host = host
  }

  /** Slots that were taken and not released. */
  get slots(): number {
    return this.#sessions.reduce((sum, { outstanding }) => sum + outstanding.size, 0)
  }

  /** A slot at once if a session has room; null if one has to be opened first. */
  take(): Slot | null {
    this.#sessions = this.#sessions.filter(({ key, outstanding }) => outstanding.size > 0 || this.#host.isAlive(key))
    const session = this.#sessions.find((each) => {
      return each.last + 1 - lowestOf(each) < sessionResultsMax && this.#host.isAlive(each.key)
    })
    return session ? this.#slotOf(session) : null
  }

  #slotOf(session: OwnSession): Slot {
    const sequence = (session.last += 1)
    session.outstanding.add(sequence)
    return {
      key: session.key,
      sequence,
      lowestUnacknowledged: () => lowestOf(session),
      release: () => void session.outstanding.delete(sequence),
      onRefused: () => {
        this.#sessions = this.#sessions.filter((each) => each !== session)
      },
    }
  }

  /** Opens a session that has room; callers that come meanwhile share it. */
  async open(): Promise<void> {
    this.#opening ??= this.#openOne().finally(() => {
      this.#opening = null
    })
    await this.#opening
  }

  async #openOne(): Promise<void> {
    try {
      const key = await this.#host.open()
      this.#sessions.push({ key, outstanding: new Set(), last: 0 })
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error
      // Whatever became of the session: the command that needed it was never handed to anybody.
      const code = error.code === 'TIMED_OUT' ? 'NO_LEADER' : error.code
      const message = `the command was not carried out, since no session could be opened for it: ${error.message}`
      throw new QuorateError(code, message, { outcome: 'notDone', cause: error, leader: error.leader })
    }
  }
}

/** Counts are added in their order, and a set keeps it: the first that is left is the lowest. */
function lowestOf({ outstanding, last }: OwnSession): number {
  for (const lowest of outstanding) return lowest
  return last + 1
}
