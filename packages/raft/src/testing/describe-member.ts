import type { RaftState } from '../state.js'
import type { ScenarioMember } from './member.js'
import { describeEntry, describeMeta } from './wording.js'

/** A member's log: what is committed stands before the `|`, and `…4@1` for all that was compacted up to there. */
export function describeLog({ id, core }: ScenarioMember): string {
  if (!core) return `${id} is down`
  const { log, commitIndex } = core.state
  const entries = Array.from({ length: log.lastIndex - log.base.index }, (_, at) => log.entryAt(log.firstIndex + at))
  const base = log.base.index > 0 ? [`…${log.base.index}@${log.base.term}`] : []
  const committed = [...base, ...entries.filter(({ index }) => index <= commitIndex).map(describeEntry)]
  const others = entries.filter(({ index }) => index > commitIndex).map(describeEntry)
  return [`${id}:`, committed.join(', '), '|', others.join(', ')].filter((part) => part !== '').join(' ')
}

/** A member's state in one line, and one line for each follower of a leader. */
export function describeState({ id, core, machine, disk }: ScenarioMember): string[] {
  if (!core) return [`${id} is down`]
  const { state } = core
  const { hardState, role, leader, log, commitIndex } = state
  const line = [
    `${id} ${role}`,
    `t=${hardState.currentTerm}`,
    `vote=${hardState.votedFor ?? '-'}`,
    `leader=${leader ?? '-'}`,
    `last=${log.lastIndex}@${log.lastTerm}`,
    `persisted=${log.persistedIndex}`,
    `commit=${commitIndex}`,
    `applied=${machine.length}`,
    ...(disk.image ? [`snapshot=${describeMeta(disk.image.meta)}`] : []),
  ].join(' ')
  const writes = disk.inFlight.map((text) => `  in flight to the disk: ${text}`)
  return [line, ...describeProgress(state), ...writes]
}

function describeProgress(state: RaftState): string[] {
  return [...state.progress].map(
    ([peer, { phase, matchIndex, nextIndex, inflights }]) =>
      `  ${peer} ${phase} match=${matchIndex} next=${nextIndex} inflight=${inflights.count}`,
  )
}
