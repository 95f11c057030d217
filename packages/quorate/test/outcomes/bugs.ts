import type { SourcePatch } from '../../../../tools/source-patch.js'

/** A known bug about an outcome, and the test that has to fail with it. */
export interface OutcomeBug extends SourcePatch {
  /** The file below `packages/`, and the whole name of the test. */
  readonly foundBy: { readonly file: string; readonly test: string }
}

const scenario = (test: string) => ({ file: 'raft/test/scenarios/scenarios.test.ts', test })

/**
 * What the simulator comes to too rarely, or not at all. Bugs of one list are tried together: they are in different
 * packages, and the tests that find them touch no other one.
 */
export const bugs: readonly (readonly OutcomeBug[])[] = [
  [
    {
      bug: 'a proposal that was cut off and whose place a snapshot skips is told overwritten',
      file: 'raft/src/delivery.ts',
      replace: `    for (const { token } of tokens) state.outbox.settle(token, { kind: 'unknown' })`,
      by: `    for (const { token } of tokens) state.outbox.settle(token, { kind: 'overwritten' })`,
      foundBy: scenario('proposals whose places a snapshot skips are unknown'),
    },
    {
      bug: 'an unknown end is taken for a refusal',
      file: 'replica/src/requests.ts',
      replace: `    if (result.kind === 'unknown' || result.kind === 'done') request.isInDoubt = true
`,
      by: '',
      foundBy: {
        file: 'replica/test/proposals.test.ts',
        test: 'that ended without anybody knowing how may have happened, whatever is said later',
      },
    },
    {
      bug: 'the client takes a later refusal for good as the end of all doubt',
      file: 'client/src/errand.ts',
      replace: `this.#isInDoubt ? 'unknown' : error.outcome`,
      by: `this.#isInDoubt && mayRetry(error, this.#order.repeats) ? 'unknown' : error.outcome`,
      foundBy: {
        file: 'client/test/sessions.test.ts',
        test: 'a command in doubt that is then refused for good as INVALID_COMMAND stays in doubt',
      },
    },
    {
      bug: 'the gateway sends programs that know no outcome on with what may have happened',
      file: 'gateway-http/src/refusal.ts',
      replace: `const isNotDone = error.outcome === 'notDone'`,
      by: `const isNotDone = error.outcome !== 'fatal'`,
      foundBy: {
        file: 'gateway-http/test/refusals.test.ts',
        test: 'what may have happened is never answered so that a program sends it again by itself',
      },
    },
  ],
  [
    {
      bug: 'a proposal behind the snapshot of its own history is told overwritten',
      file: 'raft/src/snapshots.ts',
      replace: `  if (!isSameHistory) settleBehind(state, last.index)`,
      by: `  settleBehind(state, last.index)`,
      foundBy: {
        file: 'raft/test/tokens.test.ts',
        test: 'unknown where a snapshot of its own history skips it, and undecided behind that, until it is committed',
      },
    },
    {
      bug: 'a refusal for lack of room ends every attempt for its place',
      file: 'replica/src/proposals.ts',
      replace: `    for (const token of tokens) this.#requests.settle(`,
      by: `    for (const token of this.#waiting.all().flatMap(({ undecided }) => [...undecided])) this.#requests.settle(`,
      foundBy: {
        file: 'replica/test/proposals.test.ts',
        test: 'and found no room may be an attempt that was made elsewhere: it says nothing of this one',
      },
    },
    {
      bug: 'the client says of a session that ended under a command in doubt what the member says',
      file: 'client/src/errand.ts',
      replace: `    if (this.#isInDoubt) return this.#end?.({ error: this.#asMine(error) })
`,
      by: `    if (this.#isInDoubt) return this.#end?.({ error })
`,
      foundBy: {
        file: 'client/test/sessions.test.ts',
        test: 'D11: a command in doubt whose session has expired ends in doubt, and the next one has another session',
      },
    },
  ],
  [
    {
      bug: 'a transfer whose target was told to campaign is told refused',
      file: 'raft/src/transfer.ts',
      replace: `  if (transfer.isSent || state.role !== 'leader') state`,
      by: `  if (state.role !== 'leader') state`,
      foundBy: scenario('target that dies after it was told leaves the end open'),
    },
    {
      bug: 'a reply to an earlier life of a member ends a request of this one',
      file: 'replica/src/request-ids.ts',
      replace: `    const token = id - this.#base
`,
      by: `    const token = id % requestsOfLife
`,
      foundBy: {
        file: 'replica/test/forwarding.test.ts',
        test: 'an answer to an earlier life ends nothing in this one, whatever its count',
      },
    },
  ],
  [
    {
      bug: 'the end of a session leaves no doubt about what a snapshot passed over',
      file: 'replica/src/sessions/session-refusals.ts',
      replace: `isInDoubt || skipped.size > 0 ||`,
      by: `isInDoubt ||`,
      foundBy: {
        file: 'replica/test/proposals.test.ts',
        test: 'leaves in doubt what a snapshot may have passed over',
      },
    },
  ],
  [
    {
      bug: 'a new leader stamps what it counts before it has applied what earlier leaders stamped',
      file: 'replica/src/cluster-clock.ts',
      replace: `this.#role = 'waiting'
    this.#epoch`,
      by: `this.#role = 'counting'
    this.#epoch`,
      foundBy: {
        file: 'replica/test/cluster-clock.test.ts',
        test: 'D12: a new leader stamps nothing that it has counted before it has applied what earlier leaders stamped',
      },
    },
    {
      bug: 'survivors are compared by the length of their logs only',
      file: 'replica/src/recovery/plan-cluster.ts',
      replace: `  return one.epoch > other.epoch || (one.epoch === other.epoch && one.last > other.last)`,
      by: `  return one.last > other.last`,
      foundBy: {
        file: 'replica/test/recovery.test.ts',
        test: 'takes the survivor of the latest epoch, however short its log is, and of those the one with the longest',
      },
    },
  ],
  [
    {
      bug: 'a member that stood still counts the time in which it knew of nobody',
      file: 'replica/src/cluster-clock.ts',
      replace: `    if (this.#role !== 'following' || this.#sinceMs === null) return
`,
      by: `    if (ms > 0) return
    if (this.#role !== 'following' || this.#sinceMs === null) return
`,
      foundBy: {
        file: 'replica/test/cluster-clock.test.ts',
        test: 'D12: who stood still does not count it, unless it led',
      },
    },
    {
      bug: 'time that a leader could not bring into the log while it handed over waits for a second',
      file: 'replica/src/clock-keeper.ts',
      replace: `    this.#underWayMs = 2 * this.#everyMs`,
      by: `    this.#underWayMs = 1_000`,
      foundBy: {
        file: 'replica/test/time.test.ts',
        test: 'D12: nor when leadership cannot be handed over, and the leader goes on',
      },
    },
  ],
]
