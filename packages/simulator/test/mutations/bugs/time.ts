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
    bug: 'a new leader stamps what it counts before it has applied what earlier leaders stamped',
    profile: 'idle',
    file: 'replica/src/cluster-clock.ts',
    replace: `this.#role = 'waiting'
    this.#epoch`,
    by: `this.#role = 'counting'
    this.#epoch`,
  },
  {
    bug: 'a member that stood still counts the time in which it knew of nobody',
    profile: 'idle',
    file: 'replica/src/clock-keeper.ts',
    replace: `    if (timing && ms > timing.patienceMs) state.clock.onStall(ms)`,
    by: `    if (timing && ms < 0) state.clock.onStall(ms)`,
  },
  {
    bug: 'a deadline that has come is not told to a machine of which nobody asks anything',
    profile: 'idle',
    file: 'replica/src/clock-keeper.ts',
    replace: `Math.min(this.#machineDeadline() ?? Infinity, this.#host.state.sessions.noneEndsBefore)`,
    by: `Math.max(this.#machineDeadline() ?? Infinity, this.#host.state.sessions.noneEndsBefore)`,
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
    bug: 'time that a leader could not bring into the log while it handed over waits for a second',
    profile: 'idle',
    file: 'replica/src/clock-keeper.ts',
    replace: `    this.#underWayMs = 2 * this.#everyMs`,
    by: `    this.#underWayMs = 1_000`,
  },
  {
    bug: 'a deadline that was told and had not come is not told again',
    profile: 'idle',
    file: 'replica/src/clock-keeper.ts',
    replace: `    const wasTold = this.#told && deadline <= this.#told.deadline && now < this.#told.at + tellAgainMs`,
    by: `    const wasTold = this.#told !== null`,
  },
]
