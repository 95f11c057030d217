import type { KnownBug } from '../known-bug.js'

/** Outcomes: what is told of a proposal, a command or a request although it may still be otherwise. */
export const bugsOfOutcomes: readonly KnownBug[] = [
  {
    bug: 'a proposal that was cut off is told overwritten when its own term is committed',
    profile: 'doubt',
    file: 'raft/src/delivery.ts',
    replace: `    const left = tokens.filter((deposed) => deposed.term >= term)
    for (const deposed of tokens) {
      if (deposed.term < term)`,
    by: `    const left = tokens.filter((deposed) => deposed.term > term)
    for (const deposed of tokens) {
      if (deposed.term <= term)`,
  },
  {
    bug: 'a proposal of a later term is told overwritten when an earlier term is committed',
    profile: 'doubt',
    file: 'raft/src/delivery.ts',
    replace: `    const left = tokens.filter((deposed) => deposed.term >= term)
    for (const deposed of tokens) {
      if (deposed.term < term)`,
    by: `    const left = tokens.filter((deposed) => deposed.term === term)
    for (const deposed of tokens) {
      if (deposed.term !== term)`,
  },
  {
    bug: 'a proposal is told overwritten as soon as it is cut off',
    profile: 'doubt',
    file: 'raft/src/following.ts',
    replace: `    const others = state.deposed.get(index) ?? []
    state.deposed.set(index, [...others, { term: state.log.entryAt(index).term, token }])`,
    by: `    state.outbox.settle(token, { kind: 'overwritten' })`,
  },
  {
    bug: 'a proposal that was cut off is forgotten, and nobody is told',
    profile: 'doubt',
    file: 'raft/src/following.ts',
    replace: `    const others = state.deposed.get(index) ?? []
    state.deposed.set(index, [...others, { term: state.log.entryAt(index).term, token }])`,
    by: `    void token`,
  },
  {
    bug: 'a proposal whose place a snapshot skips is told refused',
    profile: 'doubt',
    file: 'raft/src/delivery.ts',
    replace: `    const token = state.log.tokenAt(skipped)
    if (token !== null) state.outbox.settle(token, { kind: 'unknown' })`,
    by: `    const token = state.log.tokenAt(skipped)
    if (token !== null) state.outbox.settle(token, { kind: 'refused', reason: 'notLeader', leader: null, detail: '' })`,
  },
  {
    bug: 'a proposal whose place a snapshot skips is told overwritten',
    profile: 'doubt',
    file: 'raft/src/delivery.ts',
    replace: `    const token = state.log.tokenAt(skipped)
    if (token !== null) state.outbox.settle(token, { kind: 'unknown' })`,
    by: `    const token = state.log.tokenAt(skipped)
    if (token !== null) state.outbox.settle(token, { kind: 'overwritten' })`,
  },
  {
    bug: 'a leader that gives up refuses what it has appended',
    profile: 'doubt',
    file: 'raft/src/roles.ts',
    replace: `  const tokens = [...state.waitingReads, ...state.readRounds.flatMap((round) => round.tokens)]`,
    by: `  const tokens = [...state.waitingReads, ...state.readRounds.flatMap((round) => round.tokens)]
  for (let index = state.commitIndex + 1; index <= state.log.lastIndex; index += 1) {
    const token = state.log.tokenAt(index)
    if (token !== null) tokens.push(token)
  }`,
  },
  {
    bug: 'whatever is committed at the place of a proposal that was cut off is taken for it',
    profile: 'doubt',
    file: 'raft/src/delivery.ts',
    replace: `    if (deposed.term === term) committed = deposed.token`,
    by: `    if (deposed.term <= term) committed = deposed.token`,
  },
  {
    bug: 'an attempt takes the place of the one before it',
    profile: 'doubt',
    file: 'replica/src/requests.ts',
    replace: `      request.attempts += 1
`,
    by: `      request.attempts += 1
      request.undecided.clear()
`,
  },
  {
    bug: 'one refusal decides all attempts of a request',
    profile: 'doubt',
    file: 'replica/src/requests.ts',
    replace: `    request.undecided.delete(token)
`,
    by: `    request.undecided.clear()
`,
  },
  {
    bug: 'at the deadline the last refusal is told, though an attempt is undecided',
    profile: 'doubt',
    file: 'replica/src/requests.ts',
    replace: `    if (!isUndecided) {
      const message`,
    by: `    if (!isUndecided || request.lastRefusal) {
      const message`,
  },
  {
    bug: 'an attempt at another member is not taken for one',
    profile: 'doubt',
    file: 'replica/src/requests.ts',
    replace: `      request.undecided.add(token)
`,
    by: `      if (leader.isSelf) request.undecided.add(token)
`,
  },
  {
    bug: 'what its caller gives up is told not done',
    profile: 'doubt',
    file: 'replica/src/requests.ts',
    replace: `this.#aborted(signal, this.#outcomeOf(request))`,
    by: `this.#aborted(signal, 'notDone')`,
  },
  {
    bug: 'an answer to the same count of another session ends a command',
    profile: 'doubt',
    file: 'replica/src/proposals.ts',
    replace: `        for (const request of this.#waiting.at(outcome.key.session, outcome.sequence)) {
          if (isOf(request, outcome)) `,
    by: `        for (const request of this.#waiting.all().filter(({ payload }) => payload.sequence === outcome.sequence)) {
          `,
  },
  {
    bug: 'a leader that gives up refuses what it was asked by others',
    profile: 'doubt',
    file: 'replica/src/callers.ts',
    replace: `  onLeadership(): void {
    this.#proposals.onLeadership()`,
    by: `  onLeadership(): void {
    if (!this.#host.leader.isSelf) this.#forwarding.refuseAll()
    this.#proposals.onLeadership()`,
    also: {
      file: 'replica/src/forwarding.ts',
      replace: `  #refuse(to: NodeId, request: number): void {`,
      by: `  refuseAll(): void {
    for (const { from, request } of this.#asked.values()) this.#refuse(from, request)
    this.#asked.clear()
  }

  #refuse(to: NodeId, request: number): void {`,
    },
  },
  {
    bug: 'the gateway says of what took too long that nothing happened',
    profile: 'client',
    file: 'gateway-http/src/refusal.ts',
    replace: `  const outcome = own === 'fatal' ? 'unknown' : own
`,
    by: `  const outcome = own === 'fatal' ? 'unknown' : code === 'TIMED_OUT' ? 'notDone' : own
`,
  },
  {
    bug: 'the client forgets at its deadline what is under way',
    profile: 'client',
    file: 'client/src/errand.ts',
    replace: `this.#order.repeats !== 'freely' && (this.#isSent || this.#isInDoubt)`,
    by: `this.#order.repeats !== 'freely' && this.#isInDoubt`,
  },
  {
    bug: 'the client takes the silence of a member for a refusal',
    profile: 'client',
    file: 'client/src/errand.ts',
    replace: 'did not answer within ${attemptMs} ms`)',
    by: "did not answer within ${attemptMs} ms`, { outcome: 'notDone' })",
  },
  {
    bug: 'the client takes the answer of a proxy for a refusal',
    profile: 'client',
    file: 'client/src/verdict.ts',
    replace: `which no gateway does\${why}\`, {
    cause,`,
    by: `which no gateway does\${why}\`, {
    outcome: 'notDone',
    cause,`,
  },
]
