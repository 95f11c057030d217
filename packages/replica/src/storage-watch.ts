import type { Environment, OpenStorage } from '@quorate/contracts'

/** How often a storage that nobody calls is asked how it is, in milliseconds. */
const lookEveryMs = 250
/** Where every disk is nearly full, leadership goes round and no faster than this, in milliseconds. */
const offerEveryMs = 10_000

/** What a storage is watched for. */
export interface StorageWatchHost {
  readonly environment: Environment
  readonly storage: Pick<OpenStorage, 'failure' | 'pressure'>
  leads(): boolean
  /** Somebody else may have the room that this member has not. */
  offerLeadership(): void
  fail(error: unknown): void
}

/**
 * Looks at a storage also while nobody writes. A storage may fail in work of its own, a file written ahead: without this a
 * leader that is short of room, and so refuses commands, would lead for ever over a journal that is done for (decision D5).
 * And a leader that is short of room offers its leadership to others (decision D14).
 */
export class StorageWatch {
  readonly #host: StorageWatchHost
  #nextOfferMs = 0
  #cancelTimer: () => void = () => {}

  constructor(host: StorageWatchHost) {
    this.#host = host
  }

  start(): void {
    const { environment, storage } = this.#host
    if (storage.failure) return this.#host.fail(storage.failure)
    this.#maybeOffer()
    this.#cancelTimer = environment.setTimer(lookEveryMs, () => this.start())
  }

  stop(): void {
    this.#cancelTimer()
  }

  /** Whoever has just got the leadership from a full member keeps it for a while, even if it is short of room itself. */
  #maybeOffer(): void {
    const { environment, storage } = this.#host
    const [nowMs, leads] = [environment.monotonicMs(), this.#host.leads()]
    if (leads && (storage.pressure === 'none' || nowMs < this.#nextOfferMs)) return
    this.#nextOfferMs = nowMs + offerEveryMs
    if (leads) this.#host.offerLeadership()
  }
}
