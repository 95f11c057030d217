import { assert, position, type Committed, type Environment, type Position, type Token } from '@quorate/contracts'
import type { Applied, ReplicatedState } from './replicated-state.js'

/** How long a turn applies before input and output have theirs, in milliseconds. */
const turnMs = 4
const commandsBetweenLooks = 32

/** What the applier tells the rest of the driver. */
export interface ApplierEffects {
  /** A command was applied; `token` is that of this member's own proposal, if it was one. A null outcome is nobody's. */
  onOutcome(outcome: Applied | null, at: Position, token: Token | null): void
  onApplied(at: Position, bytes: number): void
  fail(error: unknown): void
}

interface Waiter {
  readonly position: Position
  readonly run: () => void
}

/** Puts a snapshot in the place of the state. Resolves to the position that the state then stands at. */
export type Install = () => Promise<Position>

type Item =
  { readonly kind: 'command'; readonly entry: Committed } | { readonly kind: 'install'; readonly run: Install }

/**
 * Applies committed commands in their agreed order, without a gap and each once in a life; a snapshot takes its place
 * among them. Long batches give the event loop its turn; {@link hold} stops it between two commands.
 */
export class Applier {
  readonly #state: ReplicatedState
  readonly #environment: Environment
  readonly #effects: ApplierEffects
  #queue: Item[] = []
  #at = 0
  #waiters: Waiter[] = []
  #lastApplied: Position
  #reported: Position
  #bytes = 0
  #holds = 0
  #isWorking = false
  #hasFailed = false

  /** `from`: what the state stands at. */
  constructor(state: ReplicatedState, environment: Environment, from: Position, effects: ApplierEffects) {
    this.#state = state
    this.#environment = environment
    this.#lastApplied = from
    this.#reported = from
    this.#effects = effects
  }

  get lastApplied(): Position {
    return this.#lastApplied
  }

  /** Entries that are committed and not applied. */
  get waiting(): number {
    return this.#queue.length - this.#at
  }

  /** Reads that wait until their position is applied. */
  get waitingReads(): number {
    return this.#waiters.length
  }

  push(committed: readonly Committed[]): void {
    for (const entry of committed) this.#queue.push({ kind: 'command', entry })
    if (!this.#isWorking) this.#work()
  }

  /** Behind what was pushed before, and before what is pushed later. */
  install(run: Install): void {
    this.#queue.push({ kind: 'install', run })
    if (!this.#isWorking) this.#work()
  }

  /** Runs something as soon as this position is applied: now, if it is. */
  whenApplied(at: Position, run: () => void): void {
    if (at <= this.#lastApplied) run()
    else this.#waiters.push({ position: at, run })
  }

  /** Nothing is applied until the returned function is called. */
  hold(): () => void {
    this.#holds += 1
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds -= 1
      if (!this.#isWorking) this.#work()
    }
  }

  stop(): void {
    this.#hasFailed = true
    this.#queue = []
    this.#waiters = []
  }

  #work(): void {
    this.#isWorking = false
    const endMs = this.#environment.monotonicMs() + turnMs
    let count = 0
    while (this.#at < this.#queue.length && this.#holds === 0 && !this.#hasFailed) {
      const item = this.#queue[this.#at]
      assert(item !== undefined, 'the queue of committed commands has no holes')
      this.#at += 1
      if (item.kind === 'install') {
        this.#installNow(item.run)
        break
      }
      this.#apply(item.entry)
      count += 1
      if (count % commandsBetweenLooks === 0 && this.#environment.monotonicMs() >= endMs) {
        this.#isWorking = true
        void this.#environment.yieldTurn().then(() => this.#workOn())
        break
      }
    }
    if (this.#at >= this.#queue.length) {
      this.#queue = []
      this.#at = 0
    }
    this.#report()
  }

  /** In a turn of its own, where nobody else would hear of an error. */
  #workOn(): void {
    try {
      this.#work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #apply({ position: at, epoch, command, token }: Committed): void {
    try {
      assert(at === this.#lastApplied + 1, () => `position ${at} follows ${this.#lastApplied}`)
      const outcome = command === null ? null : this.#state.apply(command, at)
      this.#state.clock.onApplied(epoch)
      this.#lastApplied = at
      this.#bytes += command?.length ?? 0
      if (outcome !== null || token !== null) this.#effects.onOutcome(outcome, at, token)
    } catch (error) {
      this.#fail(error)
    }
  }

  #installNow(run: Install): void {
    const release = this.hold()
    run()
      .then((at) => {
        this.#lastApplied = position(Math.max(at, this.#lastApplied))
        release()
        this.#report()
      })
      .catch((error: unknown) => this.#fail(error))
  }

  #fail(error: unknown): void {
    this.stop()
    this.#effects.fail(error)
  }

  #report(): void {
    if (this.#lastApplied === this.#reported || this.#hasFailed) return
    this.#reported = this.#lastApplied
    const bytes = this.#bytes
    this.#bytes = 0
    this.#effects.onApplied(this.#lastApplied, bytes)
    const due = this.#waiters.filter((waiter) => waiter.position <= this.#lastApplied)
    if (due.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > this.#lastApplied)
    for (const waiter of due) waiter.run()
  }
}
