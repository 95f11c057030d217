import { z } from 'zod'
import { clusterScheduleSchema, playSchedule } from './cluster-schedules.js'
import { jointQuorumSchema, playJointQuorum } from './joint-quorum.js'
import { leaderCommitSchema, playLeaderCommit } from './leader-commit.js'
import { membershipChangesSchema, playMembershipChanges } from './membership-changes.js'
import { playReplay, rpcReplaySchema } from './rpc-replays.js'
import type { Verdict } from './verdict.js'

const history = z.object({ model: z.string(), ops: z.array(z.unknown()) })

/** Tells the kind of a line from its shape, and plays it. Throws on a line of no known kind. */
export function playLine(line: unknown): Verdict | 'history' {
  if (typeof line !== 'object' || line === null) throw new TypeError('a line is a JSON object')
  if ('ops' in line) {
    history.parse(line)
    return 'history'
  }
  if ('noopIndex' in line) return playLeaderCommit(leaderCommitSchema.parse(line))
  if ('incoming' in line) return playJointQuorum(jointQuorumSchema.parse(line))
  if ('events' in line) return playReplay(rpcReplaySchema.parse(line))
  if ('n' in line) return playSchedule(clusterScheduleSchema.parse(line))
  return playMembershipChanges(membershipChangesSchema.parse(line))
}
