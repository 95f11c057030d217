import { z } from 'zod'
import { jointIndex, jointVote } from '../../src/index.js'
import { memberId, numberOf } from './member.js'
import { differs, passed, type Verdict } from './verdict.js'

export const jointQuorumSchema = z.object({
  incoming: z.array(z.int()),
  outgoing: z.array(z.int()),
  acks: z.record(z.string(), z.int()),
  committed: z.union([z.int(), z.literal('infinity')]),
  votes: z.record(z.string(), z.boolean()),
  vote: z.enum(['VoteWon', 'VoteLost', 'VotePending']),
})

/** Compares commit index and vote over two majorities. */
export function playJointQuorum(line: z.output<typeof jointQuorumSchema>): Verdict {
  const quorum = { incoming: line.incoming.map(memberId), outgoing: line.outgoing.map(memberId) }
  const committed = jointIndex(quorum, (voter) => line.acks[String(numberOf(voter))] ?? 0)
  const vote = jointVote(quorum, (voter) => line.votes[String(numberOf(voter))])
  const got = {
    committed: committed === Infinity ? 'infinity' : committed,
    vote: { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' }[vote],
  }
  return differs(JSON.stringify(line.incoming), 0, { committed: line.committed, vote: line.vote }, got) ?? passed
}
