import { compareIds, nodeId, type NodeId } from '@quorate/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  changeSimply,
  enterJoint,
  leaveJoint,
  trackedIn,
  type Changed,
  type MemberChange,
  type ConfState,
} from '../../src/index.js'
import { cases } from './cases.js'

const none: ConfState = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false }

/** `'1 2 | 3 ? 4 > 5'`: voters, outgoing voters, learners, next learners. */
function conf(text: string, autoLeave = false): ConfState {
  const part = (mark: string): NodeId[] =>
    (new RegExp(`\\${mark}([^|?>]*)`).exec(text)?.[1] ?? '').trim().split(' ').filter(Boolean).map(nodeId)
  const voters = text.split(/[|?>]/)[0]!.trim().split(' ').filter(Boolean).map(nodeId)
  return { voters, votersOutgoing: part('|'), learners: part('?'), learnersNext: part('>'), autoLeave }
}

function changes(text: string): MemberChange[] {
  const kinds = { v: 'voter', l: 'learner', r: 'remove' } as const
  return text
    .split(' ')
    .filter(Boolean)
    .map((each) => ({ kind: kinds[each[0] as 'v' | 'l' | 'r'], id: nodeId(each.slice(1)) }))
}

const is = (expected: ConfState): Changed => ({ kind: 'changed', conf: expected })

describe('arithmetic of configurations', () => {
  test.each([
    ['', 'v1', '1'],
    ['1', 'v2', '1 2'],
    ['1 2', 'l3 l4', '1 2 ? 3 4'],
    ['1 2 ? 3', 'v3', '1 2 3'],
    ['1 2', 'l2', '1 ? 2'],
    ['1 2 ? 3', 'r3 r9', '1 2'],
    ['1 2', 'r2 v2', '1 2'],
  ])('simple: %s with %s is %s', (before, change, after) => {
    expect(changeSimply(conf(before), changes(change))).toEqual(is(conf(after)))
  })

  test.each([
    ['1 2', 'v3 v4', 'more than one voter'],
    ['1 2', 'v3 r1', 'more than one voter'],
    ['1', 'r1', 'nobody would vote'],
    ['1 | 2', 'l3', 'joint phase'],
  ])('F-25: simple: %s with %s is refused', (before, change, detail) => {
    expect(changeSimply(conf(before), changes(change))).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining(detail) as string,
    })
  })

  test.each([
    ['1 2 3', 'r2 r3 v4 v5', '1 4 5 | 1 2 3'],
    ['1 2', 'l2', '1 | 1 2 > 2'],
    ['1 2 ? 3', 'v3', '1 2 3 | 1 2'],
    ['1 2 ? 3', '', '1 2 | 1 2 ? 3'],
    ['1 2', 'l2 v2', '1 2 | 1 2'],
    ['1 2', 'l2 r2', '1 | 1 2'],
  ])('enter joint: %s with %s is %s', (before, change, after) => {
    expect(enterJoint(conf(before), changes(change), true)).toEqual(is(conf(after, true)))
  })

  test.each([
    ['', 'v1'],
    ['1', 'r1'],
    ['1 | 1 2', 'v3'],
  ])('F-21, F-25: enter joint: %s with %s is refused', (before, change) => {
    expect(enterJoint(conf(before), changes(change), false).kind).toBe('refused')
  })

  test('F-21: leave joint: learners to be are learners, and only a joint configuration can be left', () => {
    expect(leaveJoint(conf('1 | 1 2 ? 4 > 2', true))).toEqual(is(conf('1 ? 2 4')))
    expect(leaveJoint(conf('1')).kind).toBe('refused')
  })

  test('a leader keeps up to date whoever votes or learns, in either half', () => {
    expect(trackedIn(conf('5 1 | 2 1 ? 4 > 2'))).toEqual(['1', '2', '4', '5'])
  })

  /** The naive view: each member is something from now on, and may still vote as before. */
  type Naive = Map<string, { now: 'voter' | 'learner' | 'none'; before: boolean }>

  function confOf(naive: Naive, autoLeave: boolean): ConfState {
    const those = (claim: (each: { now: string; before: boolean }) => boolean): NodeId[] =>
      [...naive]
        .filter(([, each]) => claim(each))
        .map(([id]) => nodeId(id))
        .sort(compareIds)
    return {
      voters: those(({ now }) => now === 'voter'),
      votersOutgoing: those(({ before }) => before),
      learners: those(({ now, before }) => now === 'learner' && !before),
      learnersNext: those(({ now, before }) => now === 'learner' && before),
      autoLeave,
    }
  }

  test('agrees with the naive view over any sequence of changes', () => {
    const change = fc.record({
      kind: fc.constantFrom('voter' as const, 'learner' as const, 'remove' as const),
      id: fc.integer({ min: 1, max: 6 }).map((id) => nodeId(String(id))),
    })
    const step = fc.record({
      op: fc.constantFrom('simple' as const, 'enter' as const, 'leave' as const),
      all: fc.array(change, { maxLength: 4 }),
      autoLeave: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let real = none
        let naive: Naive = new Map()
        let naiveLeave = false
        for (const { op, all, autoLeave } of steps) {
          const isJoint = [...naive.values()].some(({ before }) => before)
          const next: Naive = new Map([...naive].map(([id, each]) => [id, { ...each }]))
          const votersBefore = confOf(naive, false).voters
          if (op === 'enter') for (const each of next.values()) each.before = each.now === 'voter'
          if (op === 'leave') for (const each of next.values()) each.before = false
          else {
            for (const { kind, id } of all) {
              next.set(id, { now: kind === 'remove' ? 'none' : kind, before: next.get(id)?.before ?? false })
            }
          }
          const votersAfter = confOf(next, false).voters
          const differing = [...votersBefore, ...votersAfter].filter(
            (id) => votersBefore.includes(id) !== votersAfter.includes(id),
          )
          const isRefused =
            (op === 'leave' ? !isJoint : isJoint || votersAfter.length === 0) ||
            (op === 'enter' && votersBefore.length === 0) ||
            (op === 'simple' && differing.length > 1)
          const got =
            op === 'simple'
              ? changeSimply(real, all)
              : op === 'enter'
                ? enterJoint(real, all, autoLeave)
                : leaveJoint(real)
          expect(got.kind).toBe(isRefused ? 'refused' : 'changed')
          if (got.kind === 'refused') continue
          real = got.conf
          naive = next
          naiveLeave = op === 'enter' && autoLeave
          expect(real).toEqual(confOf(naive, naiveLeave))
          expect(trackedIn(real)).toEqual(
            [...naive]
              .filter(([, { now, before }]) => now !== 'none' || before)
              .map(([id]) => id)
              .sort(),
          )
        }
      }),
      { numRuns: cases.membership },
    )
  })
})
