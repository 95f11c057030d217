import type { Environment, Input, Protocol, Ready } from '@quorate/contracts'

/** Inputs that one turn steps before it hands out their effects. */
const turnInputsMax = 4_096

/**
 * The one loop that calls `step`. Timers, sockets and disk completions enqueue inputs here; none of them touches the
 * protocol. Before each drain it feeds the ticks that are due: one input, however many a stall swallowed (decision D1).
 */
export class Loop<Message, Admin> {
  readonly #protocol: Protocol<Message, Admin>
  readonly #environment: Environment
  readonly #tickMs: number
  readonly #inputsMax: number
  readonly #carryOut: (ready: Ready<Message>) => void
  readonly #fail: (error: unknown) => void
  #mailbox: Input<Message, Admin>[] = []
  #isScheduled = false
  #isRunning = false
  #tickedAtMs = 0
  #cancelTimer: () => void = () => {}

  constructor(
    protocol: Protocol<Message, Admin>,
    environment: Environment,
    limits: { readonly tickMs: number; readonly mailboxInputsMax: number },
    carryOut: (ready: Ready<Message>) => void,
    fail: (error: unknown) => void,
  ) {
    this.#protocol = protocol
    this.#environment = environment
    this.#tickMs = limits.tickMs
    this.#inputsMax = limits.mailboxInputsMax
    this.#carryOut = carryOut
    this.#fail = fail
  }

  start(): void {
    this.#isRunning = true
    this.#tickedAtMs = this.#environment.monotonicMs()
    this.#armTicker()
    this.#schedule()
  }

  stop(): void {
    this.#isRunning = false
    this.#cancelTimer()
    this.#mailbox = []
  }

  /** Enqueues what may be refused: a proposal, a barrier, a peer's message. False when the mailbox is full. */
  offer(input: Input<Message, Admin>): boolean {
    if (this.#mailbox.length >= this.#inputsMax || !this.#isRunning) return false
    this.post(input)
    return true
  }

  /** Enqueues what must not be lost: completions of the driver's own work, of which there is a bounded number. */
  post(input: Input<Message, Admin>): void {
    if (!this.#isRunning) return
    this.#mailbox.push(input)
    this.#schedule()
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
      while (this.#isRunning && this.#protocol.hasReady()) this.#carryOut(this.#protocol.takeReady())
    } catch (error) {
      this.#fail(error)
    }
    if (this.#mailbox.length > 0) this.#schedule()
  }

  #feedTicks(): void {
    const due = Math.floor((this.#environment.monotonicMs() - this.#tickedAtMs) / this.#tickMs)
    if (due < 1) return
    this.#tickedAtMs += due * this.#tickMs
    this.#protocol.step({ kind: 'tick', missed: due - 1 })
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
