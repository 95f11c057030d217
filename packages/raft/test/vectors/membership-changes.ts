import { z } from 'zod'
import {
  changeSimply,
  enterJoint,
  leaveJoint,
  trackedIn,
  type Changed,
  type MemberChange,
  type ConfState,
} from '../../src/index.js'
import { memberId, numberOf } from './member.js'
import { differs, passed, type Verdict } from './verdict.js'

const ids = z.array(z.int())

export const membershipChangesSchema = z.object({
  id: z.string(),
  steps: z.array(
    z.object({
      op: z.enum(['simple', 'enter-joint', 'leave-joint']),
      changes: z.array(z.string().regex(/^[vlru]\d+$/)),
      autoLeave: z.boolean().optional(),
      config: z.object({
        voters: ids,
        outgoing: ids,
        learners: ids,
        learnersNext: ids,
        autoLeave: z.boolean(),
        tracked: ids,
      }),
      error: z.string().optional(),
    }),
  ),
})

type Line = z.output<typeof membershipChangesSchema>

/** Compares the configuration after each change, and that a change is refused exactly where it has to be. */
export function playMembershipChanges({ id, steps }: Line): Verdict {
  let conf: ConfState = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false }
  for (const [step, { op, changes, autoLeave = false, config, error }] of steps.entries()) {
    const changed = carryOut(conf, op, changes.flatMap(changeOf), autoLeave)
    if (changed.kind === 'changed') conf = changed.conf
    const expected = { isRefused: error !== undefined, ...sorted(config) }
    const got = { isRefused: changed.kind === 'refused', ...sorted(numbersOf(conf)) }
    const verdict = differs(id, step, expected, got)
    if (verdict) return verdict
  }
  return passed
}

function carryOut(
  conf: ConfState,
  op: Line['steps'][number]['op'],
  changes: readonly MemberChange[],
  autoLeave: boolean,
): Changed {
  switch (op) {
    case 'simple':
      return changeSimply(conf, changes)
    case 'enter-joint':
      return enterJoint(conf, changes, autoLeave)
    case 'leave-joint':
      return leaveJoint(conf)
  }
}

/** An update changes no membership. */
function changeOf(text: string): MemberChange[] {
  const id = memberId(Number(text.slice(1)))
  switch (text[0]) {
    case 'v':
      return [{ kind: 'voter', id }]
    case 'l':
      return [{ kind: 'learner', id }]
    case 'r':
      return [{ kind: 'remove', id }]
    default:
      return []
  }
}

function numbersOf(conf: ConfState): Line['steps'][number]['config'] {
  return {
    voters: conf.voters.map(numberOf),
    outgoing: conf.votersOutgoing.map(numberOf),
    learners: conf.learners.map(numberOf),
    learnersNext: conf.learnersNext.map(numberOf),
    autoLeave: conf.autoLeave,
    tracked: trackedIn(conf).map(numberOf),
  }
}

/** Lists by number, fields in one order. */
function sorted({ voters, outgoing, learners, learnersNext, autoLeave, tracked }: Line['steps'][number]['config']) {
  const lists = [voters, outgoing, learners, learnersNext, tracked]
  return { lists: lists.map((list) => [...list].sort((left, right) => left - right)), autoLeave }
}
