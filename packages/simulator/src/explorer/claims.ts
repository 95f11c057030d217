import { expectAlways } from '../violation.js'
import type { Facts } from './facts.js'

/** What was true once and stays true, whoever forgets it: who led each epoch, and what is committed. */
export interface History {
  /** The ordinal of the member that led an epoch, by epoch. */
  readonly leaders: readonly (number | undefined)[]
  /** The epochs of the committed entries, from index 1. */
  readonly committed: readonly number[]
}

/** Nothing has happened yet. */
export const nothing: History = { leaders: [], committed: [] }

/** One way to write a history down; of members that changed places, if `placeOf` says where each one went. */
export function historyKey({ leaders, committed }: History, placeOf = (member: number): number => member): string {
  const places = leaders.map((leader) => (leader === undefined ? '' : placeOf(leader)))
  return `${places.join()}/${committed.join()}`
}

/** Of one member alone, from one moment of a life to the next (§5.1, §5.2). */
export function checkVoice({ id, ...before }: Facts, after: Facts): void {
  expectAlways(after.epoch >= before.epoch, () => `${id} goes back from epoch ${before.epoch} to ${after.epoch}`)
  const isOther = after.epoch === before.epoch && before.votedFor !== null && after.votedFor !== before.votedFor
  expectAlways(!isOther, () => `${id} votes for ${before.votedFor} and for ${after.votedFor} in epoch ${after.epoch}`)
  expectAlways(after.committed >= before.committed, () => `${id} takes back what it called committed`)
  const isOwnLogKept = !before.isLeader || !after.isLeader || after.log.length >= before.log.length
  expectAlways(isOwnLogKept, () => `${id} leads and shortens its own log (leader append-only, Figure 3)`)
}

/** Election safety (§5.2), and leader completeness (§5.4.3) for whoever is the newest leader. */
export function onLeader(history: History, ordinal: number, { epoch, log }: Facts): History {
  const elected = history.leaders[epoch] ?? ordinal
  expectAlways(elected === ordinal, () => `epoch ${epoch} has two leaders, members ${elected + 1} and ${ordinal + 1}`)
  if (history.leaders[epoch] !== undefined) return history
  if (epoch > history.leaders.length - 1) {
    const lacking = history.committed.findIndex((each, at) => log[at]?.epoch !== each)
    expectAlways(lacking < 0, () => `member ${ordinal + 1} leads epoch ${epoch} without committed entry ${lacking + 1}`)
  }
  const leaders = Array.from({ length: Math.max(history.leaders.length, epoch + 1) }, (_, at) => history.leaders[at])
  leaders[epoch] = ordinal
  return { ...history, leaders }
}

/** Log matching (§5.3): an entry's name decides what it holds and everything before it. */
export function checkLogs(one: Facts, other: Facts): void {
  let at = Math.min(one.log.length, other.log.length) - 1
  while (at >= 0 && one.log[at]?.epoch !== other.log[at]?.epoch) at -= 1
  for (; at >= 0; at -= 1) {
    const [left, right] = [one.log[at], other.log[at]]
    const isSame = left?.epoch === right?.epoch && left?.content === right?.content
    expectAlways(isSame, () => `two logs agree later and differ at ${at + 1}: ${left?.epoch} and ${right?.epoch}`)
  }
}

/** Committed entries never change (state-machine safety, §5.4.3), and are on a majority's disks from the first word of it (§5.3). */
export function onCommitted(history: History, facts: Facts, all: readonly Facts[]): History {
  const committed = [...history.committed]
  for (let index = 1; index <= facts.committed; index += 1) {
    const epoch = facts.log[index - 1]?.epoch ?? 0
    const known = committed[index - 1]
    if (known === undefined) {
      const holders = all.filter((each) => each.durable >= index && each.log[index - 1]?.epoch === epoch)
      const isKept = holders.length * 2 > all.length
      expectAlways(
        isKept,
        () => `${index}@${epoch} is called committed and is on ${holders.length} of ${all.length} disks`,
      )
      committed.push(epoch)
    }
    expectAlways(known === undefined || known === epoch, () => `${index} is committed as @${epoch} and as @${known}`)
  }
  return committed.length === history.committed.length ? history : { ...history, committed }
}
