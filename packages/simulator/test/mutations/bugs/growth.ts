import type { KnownBug } from '../known-bug.js'

/** What is not given back, and what does not go on: found once nobody asks any more, or when there is no room. */
export const bugsOfGrowth: readonly KnownBug[] = [
  {
    bug: 'attempts of requests that have ended are remembered',
    profile: 'churn',
    file: 'replica/src/requests.ts',
    replace: `    for (const token of request.undecided) this.#byToken.delete(token)
`,
    by: '',
  },
  {
    bug: 'a request of another member is remembered after it was applied',
    profile: 'any',
    file: 'replica/src/forwarding.ts',
    replace: `    const asked = this.#take(token)
    if (asked === null || outcome`,
    by: `    const asked = this.#asked.get(token) ?? null
    if (asked === null || outcome`,
  },
  {
    bug: 'a read that was answered goes on waiting for its position',
    profile: 'lag',
    file: 'replica/src/applier.ts',
    replace: `    this.#waiters = this.#waiters.filter((waiter) => waiter.position > this.#lastApplied)
`,
    by: '',
  },
  {
    bug: 'files of the journal are kept after their release',
    profile: 'images',
    file: 'storage-file/src/journal.ts',
    replace: `next.firstSequence <= release.sequence; next`,
    by: `next.firstSequence <= release.sequence - 200; next`,
  },
  {
    bug: 'images are kept after their release',
    profile: 'images',
    file: 'storage-file/src/snapshots.ts',
    replace: `    await this.#deleteUnread(released.map(([at]) => at))
`,
    by: '',
  },
  {
    bug: 'reads of an office that is over are counted in the next',
    profile: 'delay',
    file: 'raft/src/roles.ts',
    replace: `  state.pendingReads = 0
`,
    by: '',
  },
  {
    bug: 'checkpoints do not go on after an install',
    profile: 'images',
    file: 'replica/src/snapshots/checkpoints.ts',
    replace: `    this.#isPaused = false
    this.#isWanted = false`,
    by: `    this.#isWanted = false`,
  },
  {
    bug: 'bytes of bodies are not given back',
    profile: 'client',
    file: 'gateway-http/src/operations.ts',
    replace: `      this.#pending.of(client).give(held)
`,
    by: `      this.#pending.of(client).give(held - held)
`,
  },
  {
    bug: 'the machine is read for an image when its first byte is wanted, and the sessions at the call',
    profile: 'sizes',
    file: 'replica/src/replicated-state.ts',
    replace: `    return joined(writeImageHead(this.machine, this.active, this.clock.applied, this.sessions), this.machine.snapshot())`,
    by: `    return joined(writeImageHead(this.machine, this.active, this.clock.applied, this.sessions), {
      [Symbol.asyncIterator]: () => this.machine.snapshot()[Symbol.asyncIterator](),
    })`,
  },
  {
    bug: 'sessions in which nobody waits any more are remembered',
    profile: 'any',
    file: 'replica/src/waiting-proposals.ts',
    replace: `    if (bySequence?.size === 0) this.#commands.delete(session)
`,
    by: '',
  },
]
