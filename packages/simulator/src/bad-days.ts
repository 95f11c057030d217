/** A bad day that a campaign has to have seen: a case of the list of faults, and the counter that says how often. */
export interface BadDay {
  /** Names of the list: `F-28` of adversarial schedules, `W14` of disks, or a decision that they try, as `D26` and `0012`. */
  readonly cases: readonly string[]
  /** Matches the counters that are taken together. */
  readonly counter: RegExp
  /** How often at least in a thousand runs. Where it is not said, once in a campaign is enough. */
  readonly perThousandRuns?: number
}

/** Every case that is the simulator's to bring about. Where several counters match, each of them is one of its branches. */
export const badDays: readonly BadDay[] = [
  { cases: ['F-1', 'F-31'], counter: /^crash \((kill|powerCut)\) of a leader$/ },
  { cases: ['F-1', 'F-31'], counter: /^a leader dies young$/ },
  { cases: ['F-2', 'F-4'], counter: /^partition$/ },
  { cases: ['F-5'], counter: /^isolate in of a leader$/ },
  { cases: ['F-5'], counter: /^isolate out of a leader$/ },
  { cases: ['F-6', 'F-7', 'F-8'], counter: /^isolate both of a leader$/ },
  { cases: ['F-9', 'F-17', 'F-43'], counter: /^a snapshot is installed$/ },
  { cases: ['F-10', 'F-11', 'F-12', 'F-39', 'W3', 'W24'], counter: /^trap sprung: powerCut at datasync$/ },
  { cases: ['F-13', 'F-14', 'F-16'], counter: /^a network duplicates$/ },
  { cases: ['F-13', 'F-14', 'F-16'], counter: /^a network reorders$/ },
  { cases: ['F-13', 'F-16'], counter: /^slowLink$/ },
  { cases: ['F-1', 'F-13', 'F-17', 'W24'], counter: /^a log is truncated$/, perThousandRuns: 100 },
  { cases: ['F-17', 'W21'], counter: /^a snapshot is installed over a log/, perThousandRuns: 100 },
  { cases: ['F-20', 'W25'], counter: /^a disk is replaced by an empty one$/ },
  { cases: ['F-26'], counter: /^leadership is handed over$/ },
  { cases: ['F-26'], counter: /^a transfer ends without$/ },
  { cases: ['F-26'], counter: /^a transfer races an election$/, perThousandRuns: 100 },
  { cases: ['F-27'], counter: /^drift of a leader$/ },
  { cases: ['F-28', 'F-37'], counter: /^a leader is paused for long$/ },
  { cases: ['F-29'], counter: /^a command is answered when it is asked again$/ },
  { cases: ['F-29'], counter: /^a message of a client is late$/ },
  { cases: ['F-29'], counter: /^a client is closed$/ },
  { cases: ['F-29'], counter: /^a proposal ends: overwritten$/, perThousandRuns: 100 },
  { cases: ['F-29'], counter: /^a proposal ends: unknown$/ },
  { cases: ['F-29'], counter: /^a proposal ends: refused notLeader$/ },
  { cases: ['F-29'], counter: /^a proposal ends: refused inProgress$/ },
  { cases: ['F-29'], counter: /^a proposal that was cut off is committed$/ },
  { cases: ['F-29'], counter: /^a caller( of a member)? is told (NO_LEADER|NOT_LEADER|OVERWRITTEN), notDone$/ },
  { cases: ['F-29'], counter: /^a caller is told TIMED_OUT, unknown$/ },
  { cases: ['F-29'], counter: /^a caller of a member is told TIMED_OUT, unknown$/ },
  { cases: ['F-29'], counter: /^a caller of a member is told ABORTED, notDone$/ },
  { cases: ['F-29'], counter: /^a caller of a member is told ABORTED, unknown$/ },
  { cases: ['F-29'], counter: /^a (caller|caller of a member|client) is told SESSION_EXPIRED, notDone$/ },
  { cases: ['F-29'], counter: /^a (caller|caller of a member|client) is told SESSION_EXPIRED, unknown$/ },
  { cases: ['F-29'], counter: /^a client is told TIMED_OUT, unknown$/ },
  { cases: ['F-29'], counter: /^a client is told (NO_LEADER|NOT_LEADER|OVERWRITTEN), notDone$/ },
  { cases: ['F-29'], counter: /^a client is told STOPPED, (unknown|notDone)$/ },
  { cases: ['F-29'], counter: /^a proxy answers in the place of a member$/ },
  { cases: ['F-30'], counter: /^a caller asks again$/ },
  { cases: ['F-31'], counter: /^crashAll \(powerCut\)$/ },
  { cases: ['F-32'], counter: /^a network loses$/ },
  { cases: ['F-33'], counter: /^a cluster of (1|2|4)$/ },
  { cases: ['F-43'], counter: /^warning SNAPSHOT_FAILED$/ },
  { cases: ['F-44', 'W28'], counter: /^wallJump of a leader$/ },
  { cases: ['W1', 'W2', 'W9', 'W19'], counter: /^warning TAIL_CUT$/, perThousandRuns: 100 },
  { cases: ['W5', 'W6'], counter: /^a damaged member refuses to start$/ },
  { cases: ['W5'], counter: /^rot in a snapshot$/ },
  { cases: ['W13'], counter: /^a member stops: STORAGE_FULL$/ },
  { cases: ['W14'], counter: /^trap sprung: EIO at (datasync|syncDirectory)$/ },
  { cases: ['W16'], counter: /^trap sprung: EIO at read$/ },
  { cases: ['W17'], counter: /^trap sprung: (kill|powerCut) at rename$/ },
  { cases: ['W18', 'W21'], counter: /^trap sprung: (kill|powerCut) at (syncDirectory|unlink)$/ },
  { cases: ['W23'], counter: /^trap sprung: (kill|powerCut) at write$/ },
  { cases: ['W27'], counter: /^stallSync of a leader$/ },
  { cases: ['D26'], counter: /^a member gets later code$/ },
  { cases: ['D26'], counter: /^a member goes back to its first code$/ },
  { cases: ['D26'], counter: /^a member is refused for its old code$/ },
  { cases: ['D26'], counter: /^an upgrade comes to its end$/ },
  { cases: ['0008', 'D19'], counter: /^a cluster is replaced: recovered$/ },
  { cases: ['0008', 'D19'], counter: /^a cluster is replaced: (anew|renamed)$/ },
  { cases: ['0009'], counter: /^a client is told WRONG_CLUSTER, unknown$/ },
  { cases: ['0009'], counter: /^a caller is told WRONG_CLUSTER, notDone$/ },
  { cases: ['0011', 'D16'], counter: /^an older copy is put back, with new ids$/ },
  { cases: ['0011', 'D16'], counter: /^an older copy is put back, with kept ids$/ },
  { cases: ['0011', 'D16'], counter: /^a stranger is refused: STALE_DIRECTORY$/ },
  { cases: ['0012', 'D12'], counter: /^an alarm rings$/ },
]

/** Of how many runs every bad day is to be expected. */
export const runsForAll = 500

/** The bad days that so many runs with these counters have not seen, or too rarely. */
export function missingDays(counters: Readonly<Record<string, number>>, runs: number): readonly BadDay[] {
  return badDays.filter(({ counter, perThousandRuns = 0 }) => {
    const seen = Object.entries(counters).reduce((sum, [what, count]) => sum + (counter.test(what) ? count : 0), 0)
    return seen < Math.max(1, Math.floor((runs * perThousandRuns) / 1_000))
  })
}
