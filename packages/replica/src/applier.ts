import {
  assert,
  decodeEnvelope,
  describeError,
  position,
  QuorateError,
  seededRandom,
  type Committed,
  type Environment,
  type Position,
  type StateMachine,
  type Token,
} from '@quorate/contracts'
import type { ClusterClock } from './cluster-clock.js'

/** How long a turn applies before input and output have theirs, in milliseconds. */
const turnMs = 4
const commandsBetweenLooks = 32

/** What the applier tells the rest of the driver. */
export interface ApplierEffects {
  onResult(token: Token, at: Position, result: Uint8Array): void
  onApplied(at: Position): void
  fail(error: unknown): void
}

interface Waiter {
  readonly position: Position
  readonly run: () => void
}

/**
 * Applies committed commands in their agreed order, without a gap and each once in a life. Long batches give the event
 * loop its turn; {@link hold} stops it between two commands.
 */
export class Applier {
  readonly #machine: StateMachine
  readonly #environment: Environment
  readonly #clock: ClusterClock
  readonly #effects: ApplierEffects
  #queue: Committed[] = []
  #at = 0
  #waiters: Waiter[] = []
  #lastApplied: Position = position(0)
  #reported: Position = position(0)
  #holds = 0
  #isWorking = false
  #hasFailed = false

  constructor(machine: StateMachine, environment: Environment, clock: ClusterClock, effects: ApplierEffects) {
    this.#machine = machine
    this.#environment = environment
    this.#clock = clock
    this.#effects = effects
  }

  get lastApplied(): Position {
    return this.#lastApplied
  }

  push(committed: readonly Committed[]): void {
    for (const entry of committed) this.#queue.push(entry)
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
      const entry = this.#queue[this.#at]
      assert(entry !== undefined, 'the queue of committed commands has no holes')
      this.#at += 1
      this.#apply(entry)
      count += 1
      if (count % commandsBetweenLooks === 0 && this.#environment.monotonicMs() >= endMs) {
        this.#isWorking = true
        void this.#environment.yieldTurn().then(() => this.#work())
        break
      }
    }
    if (this.#at >= this.#queue.length) {
      this.#queue = []
      this.#at = 0
    }
    this.#report()
  }

  #apply(entry: Committed): void {
    try {
      assert(entry.position === this.#lastApplied + 1, `position ${entry.position} follows ${this.#lastApplied}`)
      const result = entry.command === null ? null : this.#applyCommand(entry.command, entry.position)
      this.#lastApplied = entry.position
      if (entry.token !== null && result !== null) this.#effects.onResult(entry.token, entry.position, result)
    } catch (error) {
      this.stop()
      this.#effects.fail(error)
    }
  }

  #applyCommand(bytes: Uint8Array, at: Position): Uint8Array {
    const envelope = decodeEnvelope(bytes)
    if (envelope.kind !== 'command') {
      const message = `position ${at} holds "${envelope.kind}", which this version does not know: upgrade this member`
      throw new QuorateError('FORMAT_TOO_NEW', message)
    }
    if (envelope.codec !== this.#machine.codec || envelope.machineVersion > this.#machine.version) {
      const message =
        `position ${at} was written for codec ${envelope.codec} and version ${envelope.machineVersion} of the machine; ` +
        `this member has ${this.#machine.codec} and ${this.#machine.version}: deploy the newer machine here`
      throw new QuorateError('FORMAT_TOO_NEW', message)
    }
    const stamps = this.#clock.apply({ clusterTime: envelope.clusterTime, wallMs: envelope.wallMs })
    try {
      return this.#machine.apply(envelope.command, { position: at, ...stamps, random: seededRandom(at) })
    } catch (error) {
      const message =
        `the machine "${this.#machine.name}" threw while it applied position ${at}: ${describeError(error)}. ` +
        'Nothing after it was applied. Deploy a fixed machine on all members and start again: the position is applied by the new code'
      throw new QuorateError('APPLY_FAILED', message, { cause: error })
    }
  }

  #report(): void {
    if (this.#lastApplied === this.#reported || this.#hasFailed) return
    this.#reported = this.#lastApplied
    this.#effects.onApplied(this.#lastApplied)
    const due = this.#waiters.filter((waiter) => waiter.position <= this.#lastApplied)
    if (due.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > this.#lastApplied)
    for (const waiter of due) waiter.run()
  }
}
