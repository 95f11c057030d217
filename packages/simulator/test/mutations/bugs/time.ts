import type { KnownBug } from '../known-bug.js'

/** Bugs of cluster time: what is counted, by whom, and what of it gets into the log (decision 0012). */
export const bugsOfTime: readonly KnownBug[] = [
  {
    bug: 'time is not kept while a deadline is ahead',
    profile: 'idle',
    file: 'replica/src/clock-keeper.ts',
    replace: `    if ((this.#machineDeadline() ?? -Infinity) > now) return this.#everyMs
`,
    by: '',
  },
  {
    bug: 'a follower goes on with its own count when a stamp says less',
    profile: 'idle',
    file: 'replica/src/cluster-clock.ts',
    replace: `    if (!this.isCounting || this.#applied.clusterTime > this.now()) this.#countFrom(this.#applied.clusterTime)`,
    by: `    if (this.#applied.clusterTime > this.#countNow()) this.#countFrom(this.#applied.clusterTime)`,
  },
  {
    bug: 'a deadline that has come is not told to a machine of which nobody asks anything',
    profile: 'idle',
    file: 'replica/src/clock-keeper.ts',
    replace: `Math.min(this.#machineDeadline() ?? Infinity, sessions.noneEndsBefore)`,
    by: `Math.max(this.#machineDeadline() ?? Infinity, sessions.noneEndsBefore)`,
  },
  {
    bug: 'a member that starts again counts from zero',
    profile: 'idle',
    file: 'replica/src/cluster-clock.ts',
    replace: `  restore(stamps: AppliedStamps): void {
    this.#applied = stamps
`,
    by: `  restore(stamps: AppliedStamps): void {
    this.#applied = { ...stamps, clusterTime: clusterTime(0) }
`,
  },
  {
    bug: 'whatever brings time into the log counts as telling the machine',
    profile: 'idle',
    file: 'replica/src/replicated-state.ts',
    replace: `    this.sessions.expire(stamps.clusterTime)
`,
    by: `    this.sessions.expire(stamps.clusterTime)
    this.#toldUpTo = stamps.clusterTime
`,
  },
]
