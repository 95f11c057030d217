import type { KnownBug } from '../known-bug.js'

/** Bugs of clusters that take the place of others, while callers of the first one live on (decisions 0008 and 0009). */
export const bugsOfReplacedClusters: readonly KnownBug[] = [
  {
    bug: 'the client takes the refusal of another cluster for the end of all doubt',
    profile: 'replaced',
    file: 'client/src/errand.ts',
    replace: `: this.#isInDoubt ? 'unknown' : error.outcome`,
    by: `: this.#isInDoubt && error.code !== 'WRONG_CLUSTER' ? 'unknown' : 'notDone'`,
  },
  {
    bug: 'the client goes on with a command in doubt in the cluster that has taken the place of its own',
    profile: 'replaced',
    file: 'client/src/errand.ts',
    replace: `    if (error.code === 'SESSION_EXPIRED' && this.#slot !== null) return this.#onExpired(this.#slot, error)`,
    by: `    if (error.code === 'WRONG_CLUSTER' && this.#slot !== null) {
      this.#isInDoubt = false
      return this.#onExpired(this.#slot, error)
    }
    if (error.code === 'SESSION_EXPIRED' && this.#slot !== null) return this.#onExpired(this.#slot, error)`,
    also: {
      file: 'client/src/cluster-pin.ts',
      replace: `return this.#id === null ? '' :`,
      by: `return this.#id !== '' ? '' :`,
    },
  },
  {
    bug: 'a cluster that goes on forgets what stands behind its snapshot',
    profile: 'replaced',
    file: 'raft/src/force-members.ts',
    replace: `firstIndex <= log.lastIndex;) {
    const`,
    by: `firstIndex <= log.lastIndex - log.lastIndex;) {
    const`,
  },
  {
    bug: 'a cluster goes on with what the first survivor has, and not the one that is ahead',
    profile: 'replaced',
    file: 'replica/src/recovery/plan-cluster.ts',
    replace: `if (!ahead || isAhead(candidate.survivor, ahead.survivor)) ahead = candidate`,
    by: `ahead ??= candidate`,
  },
  {
    bug: 'the snapshot of a survivor is not copied whole',
    profile: 'replaced',
    file: 'replica/src/recovery/seed-member.ts',
    replace: `    const snapshot = next === 1 ? beginning.snapshot : null`,
    by: `    const snapshot = next === 0 ? beginning.snapshot : null`,
  },
]
