import type { KnownBug } from '../known-bug.js'

/** Linearizable reads: Raft §8, thesis §6.4. */
export const bugsOfReads: readonly KnownBug[] = [
  {
    bug: 'a leader answers reads without asking whether it still leads',
    profile: 'delay',
    file: 'raft/src/reads.ts',
    replace: `voter === state.self ? state.readRound : (state.progress.get(voter)?.ackedRound ?? 0)`,
    by: `voter === '' ? 0 : state.readRound`,
  },
  {
    bug: 'a leader reads before an entry of its own term is committed',
    profile: 'delay',
    file: 'raft/src/reads.ts',
    replace: `    state.waitingReads.length > 0 &&
    state.log.termAt(state.commitIndex) === state.hardState.currentTerm
`,
    by: `    state.waitingReads.length > 0
`,
  },
  {
    bug: 'a late answer to an earlier round confirms a later read',
    profile: 'delay',
    file: 'raft/src/replication.ts',
    replace: `    progress.ackedRound = message.round
`,
    by: `    progress.ackedRound = state.readRound
`,
  },
  {
    bug: 'a read is answered before its position is applied here',
    profile: 'delay',
    file: 'replica/src/applier.ts',
    replace: `    if (at <= this.#lastApplied) run()
    else this.#waiters.push({ position: at, run })`,
    by: `    if (at >= 0) run()
    else this.#waiters.push({ position: at, run })`,
  },
]
