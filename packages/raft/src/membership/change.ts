import { compareIds, type NodeId } from '@quorate/contracts'
import type { ConfState } from './conf-state.js'

/** What is to become of one member. */
export interface MemberChange {
  readonly kind: 'voter' | 'learner' | 'remove'
  readonly id: NodeId
}

/** The next configuration, or why there is none: then nothing changed. */
export type Changed =
  { readonly kind: 'changed'; readonly conf: ConfState } | { readonly kind: 'refused'; readonly detail: string }

/** Changes learners, and at most one voter: then old and new majorities overlap by themselves (thesis §4.1). */
export function changeSimply(conf: ConfState, changes: readonly MemberChange[]): Changed {
  if (isJoint(conf)) return refused('a simple change waits for the end of the joint phase')
  const next = changes.reduce(withChange, conf)
  if (next.voters.length === 0) return refused('nobody would vote')
  const added = next.voters.filter((id) => !conf.voters.includes(id))
  const removed = conf.voters.filter((id) => !next.voters.includes(id))
  if (added.length + removed.length > 1) return refused('more than one voter changes: that takes a joint phase')
  return { kind: 'changed', conf: next }
}

/** Starts the joint phase: the voters so far stay as the outgoing half, and decisions need both (§6). */
export function enterJoint(conf: ConfState, changes: readonly MemberChange[], autoLeave: boolean): Changed {
  if (isJoint(conf)) return refused('a joint phase is under way')
  if (conf.voters.length === 0) return refused('nobody votes, so nothing can be decided together')
  const next = changes.reduce(withChange, { ...conf, votersOutgoing: conf.voters, autoLeave })
  if (next.voters.length === 0) return refused('nobody would vote')
  return { kind: 'changed', conf: next }
}

/** Ends the joint phase: only the incoming half is left, and outgoing voters that were to become learners are. */
export function leaveJoint(conf: ConfState): Changed {
  if (!isJoint(conf)) return refused('no joint phase is under way')
  const learners = conf.learnersNext.reduce(withId, conf.learners)
  return { kind: 'changed', conf: { ...conf, votersOutgoing: [], learners, learnersNext: [], autoLeave: false } }
}

/** Everybody whom a leader keeps up to date: voters of both halves, and learners. */
export function trackedIn(conf: ConfState): readonly NodeId[] {
  return [...conf.votersOutgoing, ...conf.learners, ...conf.learnersNext].reduce(withId, conf.voters)
}

function isJoint(conf: ConfState): boolean {
  return conf.votersOutgoing.length > 0
}

/** A voter of the outgoing half cannot be a learner yet: it still votes. */
function withChange(conf: ConfState, { kind, id }: MemberChange): ConfState {
  const without = {
    ...conf,
    voters: withoutId(conf.voters, id),
    learners: withoutId(conf.learners, id),
    learnersNext: withoutId(conf.learnersNext, id),
  }
  switch (kind) {
    case 'remove':
      return without
    case 'voter':
      return { ...without, voters: withId(without.voters, id) }
    case 'learner':
      return conf.votersOutgoing.includes(id)
        ? { ...without, learnersNext: withId(without.learnersNext, id) }
        : { ...without, learners: withId(without.learners, id) }
  }
}

function withId(ids: readonly NodeId[], id: NodeId): readonly NodeId[] {
  return ids.includes(id) ? ids : [...ids, id].sort(compareIds)
}

function withoutId(ids: readonly NodeId[], id: NodeId): readonly NodeId[] {
  return ids.filter((each) => each !== id)
}

function refused(detail: string): Changed {
  return { kind: 'refused', detail }
}
