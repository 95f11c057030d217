import { ByteReader, ByteWriter, type Protocol } from '@quorate/contracts'
import { logIndex, Raft, type RaftAdmin, type RaftMessage, type RaftOptions, type RaftState } from '@quorate/raft'
import { describe, expect, test } from 'vitest'
import { explore, type Exploration } from '../../src/explorer/explore.js'
import { Fingerprints } from '../../src/explorer/fingerprints.js'
import { Frontier } from '../../src/explorer/frontier.js'
import type { Bounds, Explored } from '../../src/explorer/model.js'
import { plainRaft, raftExplored } from './raft-explored.js'

const once: Bounds = { members: 3, timeouts: 1, epochMax: 1, proposals: 1, beats: 0, crashes: 0, duplicates: 0 }

// The counts are exact: a core that behaves in another way, or a model that leaves something out, shows here. Whoever
// meant to change the core looks at what changed and writes the new number down.
test.each<[Partial<Bounds>, RaftOptions, Partial<Exploration>]>([
  [{ timeouts: 2, crashes: 2, duplicates: 'any' }, { preVote: false }, { states: 120_006, named: 718_566, depth: 31 }],
  [{ duplicates: 1 }, { preVote: false }, { states: 123_321, named: 739_360, depth: 32 }],
  [{ timeouts: 2, epochMax: 2, proposals: 0 }, { preVote: false }, { states: 44_918, named: 269_362, depth: 30 }],
  [{ timeouts: 2, proposals: 0 }, { preVote: true }, { states: 3_129, named: 18_613, depth: 23 }],
])('every state within bounds is visited, and nothing in it is wrong: %j, %j', (more, options, counts) => {
  const { violation, proof, ...rest } = explore(raftExplored(options), { ...once, ...more })
  expect(violation, violation?.steps.join('\n')).toBeNull()
  expect(proof?.deliveries).toBeGreaterThan(0)
  expect(rest).toMatchObject({ isComplete: true, ...counts })
})

/** A record of term and vote, without the vote. Its second byte says what a record is: 1 is the hard state. */
function withoutVote(record: Uint8Array): Uint8Array {
  if (record[1] !== 1) return record
  const reader = new ByteReader(record.subarray(2))
  return new ByteWriter()
    .u8(record[0] ?? 0)
    .u8(1)
    .u53(reader.u53())
    .asciiOrNull(null)
    .finish()
}

/** Raft with another life: what a change of its parts does. */
function broken(change: (core: Protocol<RaftMessage, RaftAdmin>) => void): Explored<RaftMessage, RaftAdmin> {
  const { module } = plainRaft
  const changed = (core: Protocol<RaftMessage, RaftAdmin>): Protocol<RaftMessage, RaftAdmin> => {
    change(core)
    return core
  }
  return {
    ...plainRaft,
    module: {
      ...module,
      recover(start) {
        const recovery = module.recover(start)
        return { record: (at, bytes) => recovery.record(at, bytes), finish: () => changed(recovery.finish()) }
      },
      importState: (state, start) => changed(module.importState(state, start)),
    },
  }
}

/** Calls committed what one follower has, whether the leader itself has it on its disk or not. */
function countEverythingOf(state: RaftState): void {
  const index = Math.max(...[...state.progress.values()].map(({ matchIndex }) => matchIndex))
  if (index <= state.commitIndex) return
  state.uncommittedBytes -= state.log.bytesBetween(state.commitIndex + 1, index)
  state.commitIndex = logIndex(index)
}

describe('it finds, and shows the shortest way to it:', () => {
  test('what is said before it is durable', () => {
    const early = broken((core) => {
      const takeReady = core.takeReady.bind(core)
      core.takeReady = () => {
        const ready = takeReady()
        return { ...ready, messages: [...ready.messages, ...ready.messagesAfterPersist], messagesAfterPersist: [] }
      }
    })
    const { violation } = explore(early, { ...once, timeouts: 2, crashes: 1, proposals: 0 })
    expect(violation?.message).toMatch(/two leaders|is on \d of 3 disks/)
    expect(violation?.steps[0]).toBe('n1 loses patience')
  })

  test('a leader that counts itself before its own disk has answered', () => {
    const hasty = broken((core) => {
      const step = core.step.bind(core)
      core.step = (input) => {
        step(input)
        if (core instanceof Raft && core.state.role === 'leader') countEverythingOf(core.state)
      }
    })
    const { violation } = explore(hasty, once)
    expect(violation?.message).toMatch(/^1@1 is called committed and is on 1 of 3 disks$/)
    expect(violation?.steps.at(-1)).toMatch(/^n1 receives from n\d: appendEntriesReply/)
  })

  test('a vote that is forgotten in a crash', () => {
    const { module } = plainRaft
    const forgetful: Explored<RaftMessage, RaftAdmin> = {
      ...plainRaft,
      module: {
        ...module,
        recover(start) {
          const recovery = module.recover(start)
          return {
            record: (at, bytes) => recovery.record(at, withoutVote(bytes)),
            finish: () => recovery.finish(),
          }
        },
      },
    }
    const { violation } = explore(forgetful, { ...once, timeouts: 2, crashes: 1, proposals: 0 })
    expect(violation?.message).toMatch(/two leaders/)
    expect(violation?.steps.some((step) => step.endsWith('crashes and starts again'))).toBe(true)
  })
})

test('a set of fingerprints grows, knows what it has seen, and finds the way back', () => {
  const seen = new Fingerprints()
  const count = 300_000
  const ordinals = Array.from({ length: count }, (_, at) => seen.add(at, at * 7, Math.max(0, at - 1)))
  expect(ordinals.every((ordinal, at) => ordinal === at)).toBe(true)
  expect(seen.add(5, 35, 0)).toBe(-1)
  expect(seen.add(5, 36, 0)).toBe(count)
  expect(seen.pathTo(4)).toEqual([0, 1, 2, 3, 4])
})

test('a frontier gives back what it was given, in that order, over many pieces', () => {
  const frontier = new Frontier()
  const words = new Int32Array(64)
  for (let at = 0; at < 30_000; at += 1) frontier.push(at, words.fill(at), at % 60)
  const isAsGiven = Array.from({ length: 30_000 }, (_, at) => {
    const taken = frontier.take(words.fill(-1))
    const length = at % 60
    return taken?.ordinal === at && taken.length === length && words.subarray(0, length).every((word) => word === at)
  })
  expect(isAsGiven.every(Boolean)).toBe(true)
  expect(frontier.take(words)).toBeNull()
})
