import { position, token, type Committed, type Token } from '@quorate/contracts'
import { drawPlan, simulate, type Plan } from '@quorate/simulator'
import { settled } from '@quorate/simulator/node'
import { beforeEach, describe, expect, test } from 'vitest'
import { Counters } from '../src/counters.js'
import { CallersTold } from '../src/invariants/callers-told.js'
import { Commitments } from '../src/invariants/commitments.js'
import { hashOf } from '../src/invariants/hash.js'
import { ObservedMember } from '../src/invariants/observed-member.js'
import { ProposalsTold, type ProposalsOfLife } from '../src/invariants/proposals-told.js'
import { raftSubject } from './raft/raft-subject.js'

const refused = { kind: 'refused', reason: 'notLeader', leader: null, detail: '' } as const
const overwritten = { kind: 'overwritten' } as const

describe('what a protocol tells of its proposals', () => {
  let committed: Commitments
  let told: ProposalsTold
  let life: ProposalsOfLife
  let tokens = 0

  beforeEach(() => {
    committed = new Commitments()
    told = new ProposalsTold(committed, new Counters())
    life = told.begin('n1')
  })

  /** A proposal that stands at this place, or was not appended. */
  function proposed(index: number | null, epoch = 0): Token {
    const member = new ObservedMember('n1')
    const before = {
      epoch,
      votedFor: null,
      isLeader: true,
      takesProposals: true,
      firstIndex: 1,
      lastIndex: (index ?? 1) - 1,
      durableIndex: 0,
    }
    member.before = { ...before, committedIndex: 0, deliveredIndex: 0, appliedIndex: 0 }
    member.latest = { ...member.before, lastIndex: index ?? 0 }
    const given = token((tokens += 1))
    life.onProposed(given, member)
    return given
  }

  const commit = (...epochs: readonly number[]): void => {
    for (const epoch of epochs) committed.add(epoch)
  }

  const committedAt = (at: number, given: Token): Committed => {
    return { epoch: 1, position: position(at), token: given, command: new Uint8Array() }
  }

  test('may be overwritten once another entry is committed there, or a later epoch before it', () => {
    commit(1, 3)
    expect(() => life.onSettled(proposed(2, 2), overwritten)).not.toThrow()
    expect(() => life.onSettled(proposed(5, 2), overwritten)).not.toThrow()
  })

  test('is not certain while its own epoch, or only earlier ones, are committed before it', () => {
    commit(1, 2)
    expect(() => life.onSettled(proposed(5, 2), overwritten)).toThrow('n1 tells that 5@2 was overwritten, and nobody')
    expect(() => life.onSettled(proposed(5, 3), overwritten)).toThrow(
      'nobody has committed anything later than epoch 2',
    )
  })

  test('is wrong if it is committed, before or after it was told', () => {
    commit(1, 2)
    expect(() => life.onSettled(proposed(2, 2), overwritten)).toThrow('2@2 was overwritten, and it is committed')
    commit(3)
    life.onSettled(proposed(4, 2), overwritten)
    told.sweep()
    commit(2)
    expect(() => {
      told.sweep()
    }).toThrow('n1 told that 4@2 was overwritten, and it is committed')
  })

  test('is a refusal only if nothing was appended', () => {
    expect(() => life.onSettled(proposed(null), refused)).not.toThrow()
    expect(() => life.onSettled(proposed(4, 2), refused)).toThrow('that it has appended at 4@2: refused')
    expect(() => life.onSettled(proposed(4, 2), { kind: 'unknown' })).not.toThrow()
  })

  test('comes with its own entry, and once', () => {
    commit(1, 1, 2)
    const [right, wrongPlace, wrongEpoch, twice] = [proposed(2, 1), proposed(2, 1), proposed(3, 1), proposed(2, 1)]
    life.onCommitted(committedAt(2, right))
    expect(() => life.onCommitted(committedAt(3, wrongPlace))).toThrow('is committed at 3@2, and it stands at 2@1')
    expect(() => life.onCommitted(committedAt(3, wrongEpoch))).toThrow('is committed at 3@2, and it stands at 3@1')
    life.onCommitted(committedAt(2, twice))
    expect(() => life.onSettled(twice, { kind: 'unknown' })).toThrow('again: unknown')
  })

  test('is told of each whose place is decided, when nothing is under way any more', () => {
    proposed(4, 2)
    expect(() => life.checkAllTold(3)).not.toThrow()
    expect(() => life.checkAllTold(4)).toThrow('has never told how')
  })
})

describe('what callers are told', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  let problems: string[]
  let told: CallersTold

  beforeEach(() => {
    problems = []
    told = new CallersTold((check) => {
      try {
        check()
      } catch (error) {
        problems.push(String(error))
      }
    })
  })

  test('is wrong if what did not happen is applied, whichever comes first', () => {
    told.onAsked(bytes)
    told.onNotDone(bytes)
    expect(problems).toEqual([])
    told.onApplied(1, hashOf(bytes))
    expect(problems).toHaveLength(1)
    told.onAsked(Uint8Array.of(4))
    told.onApplied(2, hashOf(Uint8Array.of(4)))
    expect(problems).toHaveLength(1)
    told.onNotDone(Uint8Array.of(4))
    expect(problems).toHaveLength(2)
  })

  test('is right as long as equal commands are applied no more often than they may have been', () => {
    for (let each = 0; each < 3; each += 1) told.onAsked(bytes)
    told.onNotDone(bytes)
    for (const at of [1, 2, 2, 1]) told.onApplied(at, hashOf(bytes))
    told.onApplied(3, hashOf(Uint8Array.of(9)))
    expect(problems).toEqual([])
    told.onApplied(4, hashOf(bytes))
    expect(problems[0]).toContain('given 3 times, did not happen 1 times')
  })
})

/** Seeds that the outcomes may take to be seen all: plans change, and no seed promises one of them. */
const seedsMax = 12

test('F-29: every outcome is seen, and each of them is true, where leaders are cut off and callers take the first word', async () => {
  const unseen = new Set([
    'a proposal ends: overwritten',
    'a proposal ends: refused notLeader',
    'a caller of a member is told TIMED_OUT, unknown',
    'a caller of a member is told ABORTED, notDone',
    'a caller of a member is told ABORTED, unknown',
    'a caller of a member is told NO_LEADER, notDone',
    'a command ends: answered',
  ])
  for (let seed = 1; unseen.size > 0 && seed <= seedsMax; seed += 1) {
    const drawn = drawPlan(seed, { safetyMs: 4_000, livenessMs: 10_000, profile: 'doubt' })
    const plan: Plan = { ...drawn, load: { ...drawn.load, callers: 'member' } }
    const { violation, counters } = await simulate(plan, raftSubject, { settled })
    expect(violation, `seed ${seed}`).toBeNull()
    for (const what of Object.keys(counters)) unseen.delete(what)
  }
  expect([...unseen]).toEqual([])
}, 120_000)
