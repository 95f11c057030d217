import type { Environment, Input, Protocol, Ready } from '@quorate/contracts'

/** Proposals and barriers fill so much of the mailbox: the rest is for messages of members, which keep a leader in office. */
const requestsPart = 0.75

/** Inputs that one turn steps before it hands out their effects. */
const turnInputsMax = 4_096

/** What the loop does for the driver. */
export interface LoopEffects<Message> {
  carryOut(ready: Ready<Message>): void
  /** So many ticks were due at once, beside one that was on time. */
  onMissed(ticks: number): void
  /** The clock that never goes back went back. */
  onClockBack(ms: number): void
  fail(error: unknown): void
}

/**
 * The one loop that calls `step`. Timers, sockets and disk completions enqueue inputs here; none of them touches the
 * protocol. Before each drain it feeds the ticks that are due: one input, however many a stall swallowed (decision D1).
 */
export class Loop<Message, Admin> {
  readonly #protocol: Protocol<Message, Admin>
  readonly #environment: Environment
  readonly #tickMs: number
  readonly #inputsMax: number
  readonly #requestsMax: number
  readonly #effects: LoopEffects<Message>
  #mailbox: Input<Message, Admin>[] = []
  #isScheduled = false
  #isRunning = false
  #hasStopped = false
  #tickedAtMs = 0
  #cancelTimer: () => void = () => {}

  constructor(
    protocol: Protocol<Message, Admin>,
    environment: Environment,
    limits: { readonly tickMs: number; readonly mailboxInputsMax: number },
    effects: LoopEffects<Message>,
  ) {
    this.#protocol = protocol
    this.#environment = environment
    this.#tickMs = limits.tickMs
    this.#inputsMax = limits.mailboxInputsMax
    this.#requestsMax = Math.floor(limits.mailboxInputsMax * requestsPart)
    this.#effects = effects
  }

  /** Inputs that wait for their turn. */
  get waiting(): number {
    return this.#mailbox.length
  }

  /** How many ticks a stall has swallowed of which nobody was told yet. */
  get unseenTicks(): number {
    if (!this.#isRunning) return 0
    return Math.max(0, Math.floor((this.#environment.monotonicMs() - this.#tickedAtMs) / this.#tickMs) - 1)
  }

  start(): void {
    this.#isRunning = true
    this.#tickedAtMs = this.#environment.monotonicMs()
    this.#armTicker()
    this.#schedule()
  }

  stop(): void {
    this.#isRunning = false
    this.#hasStopped = true
    this.#cancelTimer()
    this.#mailbox = []
  }

  /**
   * Enqueues what may be refused: a proposal, a barrier, a peer’s message. It may come before the start. False when the
   * mailbox is full, or the part of it that is for requests.
   */
  offer(input: Input<Message, Admin>): boolean {
    const inputsMax = input.kind === 'receive' ? this.#inputsMax : this.#requestsMax
    if (this.#mailbox.length >= inputsMax || this.#hasStopped) return false
    this.post(input)
    return true
  }

  /** Enqueues what must not be lost: completions of the driver's own work, of which there is a bounded number. */
  post(input: Input<Message, Admin>): void {
    if (this.#hasStopped) return
    this.#mailbox.push(input)
    if (this.#isRunning) this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    void this.#environment.yieldTurn().then(() => this.#drain())
  }

  #drain(): void {
    this.#isScheduled = false
    if (!this.#isRunning) return
    try {
      this.#feedTicks()
      for (const input of this.#takeInputs()) this.#protocol.step(input)
      while (this.#isRunning && this.#protocol.hasReady()) this.#effects.carryOut(this.#protocol.takeReady())
    } catch (error) {
      this.#effects.fail(error)
    }
    if (this.#mailbox.length > 0) this.#schedule()
  }

  #feedTicks(): void {
    const elapsedMs = this.#environment.monotonicMs() - this.#tickedAtMs
    if (elapsedMs < 0) this.#onClockBack(-elapsedMs)
    const due = Math.floor(elapsedMs / this.#tickMs)
    if (due < 1) return
    this.#tickedAtMs += due * this.#tickMs
    if (due > 1) this.#effects.onMissed(due - 1)
    this.#protocol.step({ kind: 'tick', missed: due - 1 })
  }

  /** Ticks go on from here: else none would come until the clock has made up for it. */
  #onClockBack(ms: number): void {
    this.#tickedAtMs -= ms
    this.#effects.onClockBack(ms)
  }

  #takeInputs(): readonly Input<Message, Admin>[] {
    const inputs = this.#mailbox
    if (inputs.length > turnInputsMax) return inputs.splice(0, turnInputsMax)
    this.#mailbox = []
    return inputs
  }

  #armTicker(): void {
    this.#cancelTimer = this.#environment.setTimer(this.#tickMs, () => {
      this.#armTicker()
      this.#drain()
    })
  }
}
