import { setTimeout as pause } from 'node:timers/promises'

/** What the members' process has come to since it was asked last. Times in milliseconds, sizes in bytes. */
export interface Load {
  /** Between two turns of the event loop, at most: by the clock, and in time of the processor. */
  readonly longestStallMs: number
  readonly longestStallCpuMs: number
  /** Of the process, at most. */
  readonly residentBytesMax: number
  /** Lines that it has written into its logs. */
  readonly lines: number
  /** The newest term that a member knows. */
  readonly epoch: number
}

/**
 * Watches the event loop of this process. A stall is told in processor time too, because the clock also counts what other
 * processes do.
 */
export class LoopWatch {
  #stallMs = 0
  #stallCpuMs = 0
  #residentBytes = 0
  #stopped = false

  start(): void {
    void this.#watch()
  }

  stop(): void {
    this.#stopped = true
  }

  /** The highest of each since the last call. */
  take(): Pick<Load, 'longestStallMs' | 'longestStallCpuMs' | 'residentBytesMax'> {
    const taken = {
      longestStallMs: this.#stallMs,
      longestStallCpuMs: this.#stallCpuMs,
      residentBytesMax: Math.max(this.#residentBytes, process.memoryUsage.rss()),
    }
    this.#stallMs = this.#stallCpuMs = this.#residentBytes = 0
    return taken
  }

  async #watch(): Promise<void> {
    let [lastMs, lastCpuMs] = [performance.now(), cpuMs()]
    while (!this.#stopped) {
      await pause(1)
      const [nowMs, nowCpuMs] = [performance.now(), cpuMs()]
      this.#residentBytes = Math.max(this.#residentBytes, process.memoryUsage.rss())
      this.#stallMs = Math.max(this.#stallMs, nowMs - lastMs)
      this.#stallCpuMs = Math.max(this.#stallCpuMs, nowCpuMs - lastCpuMs)
      ;[lastMs, lastCpuMs] = [nowMs, nowCpuMs]
    }
  }
}

/**
 * What one known piece of work costs here: reading 1 MiB of JSON, in processor time. Bounds are told as so many of it, so
 * that they hold on any machine.
 */
export function unitCpuMs(): number {
  const text = JSON.stringify(
    Array.from({ length: 16_384 }, (_, at) => ({ name: `name ${at}`, age: at, tags: ['a', 'b'] })),
  )
  const costs = Array.from({ length: 15 }, () => {
    const begun = cpuMs()
    JSON.parse(text)
    return ((cpuMs() - begun) * 2 ** 20) / text.length
  })
  return costs.sort((left, right) => left - right)[7] ?? 0
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
