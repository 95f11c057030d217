import { z } from 'zod'
import { encodeRecord, logIndex, term } from '../../src/index.js'
import { foundersOf, VectorMember } from './member.js'
import { differs, passed, type Verdict } from './verdict.js'

const event = z.union([
  z.object({
    ackFrom: z.int(),
    matchIndex: z.int(),
    commit: z.int(),
    stale: z.boolean().optional(),
    term: z.int().optional(),
  }),
  z.object({ propose: z.string(), lastIndex: z.int(), commit: z.int() }),
])

export const leaderCommitSchema = z.object({
  id: z.string(),
  n: z.int(),
  leaderTerm: z.int(),
  noopIndex: z.int(),
  persisted: z.object({ term: z.int(), logTerms: z.array(z.int()) }),
  events: z.array(event),
})

type Line = z.output<typeof leaderCommitSchema>

/** Elects member 1 over a given log, and compares its commit index after every acknowledgement. */
export function playLeaderCommit(line: Line): Verdict {
  const leader = new VectorMember(1, line.n, recordsOf(line))
  leader.campaign()
  leader.takeSent()
  for (let voter = 2; voter <= line.n; voter += 1) {
    leader.receive(voter, { kind: 'requestVoteReply', term: term(line.leaderTerm), voteGranted: true })
    leader.takeSent()
  }
  const { state } = leader.core
  const elected = differs(
    line.id,
    -1,
    { leads: true, term: line.leaderTerm, noopIndex: line.noopIndex },
    { leads: state.role === 'leader', term: state.hardState.currentTerm, noopIndex: state.log.lastIndex },
  )
  if (elected) return elected
  for (const [step, each] of line.events.entries()) {
    const expected: Record<string, number> = { commit: each.commit }
    if ('propose' in each) {
      leader.propose(each.propose)
      expected['lastIndex'] = each.lastIndex
    } else {
      leader.receive(each.ackFrom, {
        kind: 'appendEntriesReply',
        term: term(each.term ?? line.leaderTerm),
        success: true,
        matchIndex: logIndex(each.matchIndex),
      })
    }
    leader.takeSent()
    const got: Record<string, number> = { commit: state.commitIndex }
    if ('propose' in each) got['lastIndex'] = state.log.lastIndex
    const verdict = differs(line.id, step, expected, got)
    if (verdict) return verdict
  }
  return passed
}

function recordsOf({ n, persisted }: Line): Uint8Array[] {
  const data = new Uint8Array([1])
  const entries = persisted.logTerms.map((entryTerm, at) => ({
    index: logIndex(at + 1),
    term: term(entryTerm),
    kind: 'command' as const,
    data,
  }))
  const hardState = { currentTerm: term(persisted.term), votedFor: null }
  return [
    encodeRecord({ kind: 'bootstrap', members: foundersOf(n) }),
    encodeRecord({ kind: 'hardState', hardState }),
    ...(entries.length > 0 ? [encodeRecord({ kind: 'entries', firstIndex: logIndex(1), entries })] : []),
  ]
}
