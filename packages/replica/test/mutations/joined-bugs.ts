import type { ProbedBug } from './bugs.js'

const inFlight = { file: 'replica/src/proposals-in-flight.ts', probe: 'copiesEndTogether' } as const

/** Of what a leader joins to what is in flight. */
export const bugsOfJoining: readonly ProbedBug[] = [
  {
    ...inFlight,
    bug: 'a copy is joined to what the same member proposed in an earlier leadership',
    replace: `first?.epoch !== epoch ||`,
    by: `!first ||`,
    says: 'an earlier leadership',
  },
  {
    ...inFlight,
    bug: 'another command in the same place is joined',
    replace: ` &&
    equalBytes(left.command, right.command)`,
    by: '',
    says: 'with other bytes was joined',
  },
  {
    ...inFlight,
    bug: 'the command of another caller is joined',
    replace: `    isSameKey(left, right) &&
`,
    by: '',
    says: 'of another caller was joined',
  },
  {
    ...inFlight,
    bug: 'what was joined is never told how it ended',
    replace: `    return [token, ...ended.joined]`,
    by: `    return [token]`,
    says: 'did not end',
  },
  {
    ...inFlight,
    bug: 'a copy is joined to what has ended, and nobody proposes it',
    replace: `    if (this.#byPlace.get(ended.place) === ended) this.#byPlace.delete(ended.place)
`,
    by: '',
    says: 'what had ended',
  },
  {
    ...inFlight,
    bug: 'what was joined is counted for ever',
    replace: `    this.#joined -= ended.joined.length
`,
    by: '',
    says: 'are left of what has ended',
  },
]
