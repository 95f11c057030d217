import { hexOfBytes, type Environment, type QuorateError } from '@quorate/contracts'

/**
 * Counts between the lowest unacknowledged command of a session and its last: as many answers as members keep for it
 * (decision D11).
 */
const windowMax = 8_192
const nonceBytes = 16

/** A command's place in a session: the same place again is the same command. */
export interface Slot {
  /** What names the session to the members. */
  readonly session: string
  /** The client's count of it, from 1. */
  readonly sequence: number
  /** Answers below this count are no longer wanted, as of now. */
  lowestUnacknowledged(): number
  /** Its answer is here, or it was given up: from the next command on it is acknowledged, and never applied any more. */
  release(): void
}

/** A session on its way. */
export interface Opening {
  /** Resolves to what names it. */
  readonly opened: Promise<string>
  /** How whoever waits for it in vain ends, of whom `what` tells. */
  undone(what: string, timeoutMs: number): QuorateError
  /** Gives it up: nobody waits for it any more. */
  stop(): void
}

/** One who waits for a session. */
export interface SessionWait {
  /** Resolves when a session has room. Rejects with what kept it from that. */
  readonly opened: Promise<void>
  /** Waits no more. An opening that nobody waits for is given up, so that nothing outlives its last caller. */
  leave(): void
}

interface Session {
  readonly id: string
  readonly outstanding: Set<number>
  last: number
}

interface SharedOpening {
  readonly opening: Opening
  readonly opened: Promise<void>
  waiting: number
}

/**
 * The sessions of one client (decision D11): opened when a command needs one, replaced when one has expired, and another
 * opened beside it while its window is full.
 */
export class Sessions {
  readonly #environment: Pick<Environment, 'randomBytes'>
  readonly #start: (nonce: string) => Opening
  readonly #sessions = new Map<string, Session>()
  #nonce: string | null = null
  #opening: SharedOpening | null = null

  /** `start` asks the members to open a session under a nonce. */
  constructor(environment: Pick<Environment, 'randomBytes'>, start: (nonce: string) => Opening) {
    this.#environment = environment
    this.#start = start
  }

  /** A place at once if a session has room; null if one has to be opened first. */
  take(): Slot | null {
    for (const session of this.#sessions.values()) {
      if (session.last + 1 - lowestOf(session) < windowMax) return slotOf(session)
    }
    return null
  }

  /** Opens a session that has room; whoever comes meanwhile shares it. */
  open(): SessionWait {
    const shared = this.#opening ?? this.#begin()
    let isWaiting = true
    shared.waiting += 1
    return {
      opened: shared.opened,
      leave: () => {
        if (!isWaiting) return
        isWaiting = false
        shared.waiting -= 1
        if (shared.waiting === 0) this.#giveUp(shared)
      },
    }
  }

  #begin(): SharedOpening {
    // The same nonce until it is answered: an answer that was lost leaves no session behind that nobody knows of.
    this.#nonce ??= hexOfBytes(this.#environment.randomBytes(nonceBytes))
    const opening = this.#start(this.#nonce)
    const opened = opening.opened
      .then((id) => {
        this.#nonce = null
        this.#sessions.set(id, { id, outstanding: new Set(), last: 0 })
      })
      .finally(() => {
        if (this.#opening === shared) this.#opening = null
      })
    const shared: SharedOpening = { opening, opened, waiting: 0 }
    this.#opening = shared
    return shared
  }

  #giveUp(shared: SharedOpening): void {
    if (this.#opening !== shared) return
    this.#opening = null
    shared.opening.stop()
  }

  /** How whoever waits for a session in vain ends; null if none is on its way. */
  undone(what: string, timeoutMs: number): QuorateError | null {
    return this.#opening?.opening.undone(what, timeoutMs) ?? null
  }

  /** What names all of them to the members. */
  get ids(): readonly string[] {
    return [...this.#sessions.keys()]
  }

  /** A member says that this session has ended: nothing new goes there. */
  onExpired(id: string): void {
    this.#sessions.delete(id)
  }
}

/** Counts are added in their order, and a set keeps it: the first that is left is the lowest. */
function lowestOf({ outstanding, last }: Session): number {
  for (const lowest of outstanding) return lowest
  return last + 1
}

function slotOf(session: Session): Slot {
  const sequence = (session.last += 1)
  session.outstanding.add(sequence)
  return {
    session: session.id,
    sequence,
    lowestUnacknowledged: () => lowestOf(session),
    release: () => void session.outstanding.delete(sequence),
  }
}
