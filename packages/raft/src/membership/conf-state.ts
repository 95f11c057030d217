import type { Members, NodeId } from '@quorate/contracts'

/** The configuration in effect. Joint while `votersOutgoing` is not empty. Lists are sorted by code unit. */
export interface ConfState {
  readonly voters: readonly NodeId[]
  readonly votersOutgoing: readonly NodeId[]
  readonly learners: readonly NodeId[]
  /** Voters of the outgoing half that become learners when the joint phase ends. */
  readonly learnersNext: readonly NodeId[]
  /** The leader ends the joint phase by itself. */
  readonly autoLeave: boolean
}

/** The configuration that a list of members stands for. */
export function confStateOf(members: Members): ConfState {
  const idsOf = (role: 'voter' | 'learner'): NodeId[] =>
    members.filter((member) => member.role === role).map((member) => member.id)
  return { voters: idsOf('voter'), votersOutgoing: [], learners: idsOf('learner'), learnersNext: [], autoLeave: false }
}

/** True if this member's vote counts in either half. */
export function isVoter(conf: ConfState, id: NodeId): boolean {
  return conf.voters.includes(id) || conf.votersOutgoing.includes(id)
}
