import type { Environment } from '@quorate/contracts'
import type { Clock } from './clock.js'

/**
 * One life of a member's program. Whatever reaches its code, a timer, a frame or a finished write, comes through
 * {@link enter}: held while the process is paused, and never again once it is dead, as if by SIGKILL. Its promises then
 * stay unsettled for ever; nothing cleans up after it.
 */
export class Process {
  readonly environment: Environment
  readonly #onDeath = new Set<() => void>()
  #held: (() => void)[] = []
  #timers = 0
  #state: 'running' | 'paused' | 'dead' = 'running'

  constructor(world: Environment, clock: Clock) {
    this.environment = {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs(),
      setTimer: (delayMs, run) => this.#setTimer(world, clock.worldDelayMs(delayMs), run),
      yieldTurn: () => new Promise((resolve) => void world.setTimer(0, () => this.enter(resolve))),
      randomBytes: (count) => world.randomBytes(count),
    }
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  get isPaused(): boolean {
    return this.#state === 'paused'
  }

  /** Timers that were neither stopped nor are over. */
  get timers(): number {
    return this.#timers
  }

  /** Runs something in this process: now, when it is resumed, or never. */
  enter(run: () => void): void {
    if (this.#state === 'running') run()
    else if (this.#state === 'paused') this.#held.push(run)
  }

  /** The same promise, as seen from inside. */
  await<Result>(promise: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      promise.then(
        (result) => this.enter(() => resolve(result)),
        (error: unknown) => this.enter(() => reject(error instanceof Error ? error : new Error(String(error)))),
      )
    })
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  /** Everything that came meanwhile is handed over, in the order in which it came. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    const held = this.#held
    this.#held = []
    for (const run of held) this.enter(run)
  }

  #setTimer(world: Environment, delayMs: number, run: () => void): () => void {
    this.#timers += 1
    let isOver = false
    const end = (): void => {
      if (!isOver) this.#timers -= 1
      isOver = true
    }
    const cancel = world.setTimer(delayMs, () => {
      end()
      this.enter(run)
    })
    return () => {
      end()
      cancel()
    }
  }

  /** Runs something when it dies, outside of it. Returns what calls that off. */
  onDeath(run: () => void): () => void {
    this.#onDeath.add(run)
    return () => this.#onDeath.delete(run)
  }

  die(): void {
    if (this.isDead) return
    this.#state = 'dead'
    this.#held = []
    for (const run of this.#onDeath) run()
    this.#onDeath.clear()
  }
}
