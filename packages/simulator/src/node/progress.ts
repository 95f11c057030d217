import type { Totals } from './summary.js'

/** How often somebody who waits is told, in milliseconds. */
const everyMs = 5_000

/** A line now and then about how a campaign goes: how fast, how much, what of it was done to clusters. */
export class Progress {
  readonly #totals: Totals
  readonly #atFirst: { readonly runs: number; readonly simulatedMs: number; readonly cpuMs: number }
  readonly #sinceMs = performance.now()
  #toldMs = performance.now()

  constructor(totals: Totals) {
    this.#totals = totals
    this.#atFirst = { runs: totals.runs, simulatedMs: totals.simulatedMs, cpuMs: totals.cpuMs }
  }

  /** A line, or null if the last one is fresh. */
  maybeLine(): string | null {
    const nowMs = performance.now()
    if (nowMs - this.#toldMs < everyMs) return null
    this.#toldMs = nowMs
    return this.line()
  }

  line(): string {
    const seconds = (performance.now() - this.#sinceMs) / 1_000
    const runs = this.#totals.runs - this.#atFirst.runs
    const simulated = (this.#totals.simulatedMs - this.#atFirst.simulatedMs) / 1_000
    const cpu = (this.#totals.cpuMs - this.#atFirst.cpuMs) / 1_000
    return [
      `${this.#totals.runs} runs`,
      `${(runs / seconds).toFixed(1)} seeds/s`,
      `${(simulated / seconds).toFixed(0)} simulated s/s`,
      `${cpu === 0 ? 0 : (simulated / cpu).toFixed(0)} per processor s`,
      this.#kinds(),
    ].join(' · ')
  }

  #kinds(): string {
    const { counters } = this.#totals
    const sum = (pattern: RegExp): number =>
      Object.entries(counters).reduce((total, [what, count]) => total + (pattern.test(what) ? count : 0), 0)
    return [
      `network ${sum(/^(partition|isolate|slowLink)/)}`,
      `crashes ${sum(/^(crash|trap sprung: (kill|powerCut))/)}`,
      `disks ${sum(/^(stallSync|diskFull|rot in|trap sprung: E)/)}`,
      `clocks ${sum(/^(drift|wallJump|pause)/)}`,
      `acknowledged ${this.#totals.acknowledged}`,
    ].join(', ')
  }
}
