import { position } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { logIndex, term, type RaftOptions } from '../../src/index.js'
import { Cores } from '../cores.js'
import { append, asInThePaper, entry, heartbeat } from './messages.js'

const withoutTail = { ...asInThePaper, tailEntriesMax: 0 }

/** n3 lacks a, b and c, which n1 and n2 have applied. */
function withLateFollower(options: RaftOptions = withoutTail): Cores {
  const cores = new Cores('n1 n2 n3', options)
  cores.elect('n1')
  cores.cut('n3', 'n1 n2')
  cores.propose('n1', 'a', 'b', 'c')
  return cores
}

describe('taking snapshots', () => {
  test('§7: each server takes its snapshots by itself, and asks and tells nobody', () => {
    const cores = new Cores('n1 n2 n3', withoutTail)
    cores.elect('n1')
    cores.propose('n1', 'x')
    const from = cores.sent.length
    cores.save('n2')
    expect(cores.sent.length).toBe(from)
    expect(cores.core('n2').log).toEqual([])
    expect(cores.core('n1').log).toEqual(['1:-', '1:x'])
  })

  test('§7: a snapshot covers committed entries only', () => {
    const cores = new Cores('n1 n2 n3', withoutTail)
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    cores.propose('n1', 'x')
    expect(cores.core('n1').raft.snapshotMeta(position(2))).toBe(null)
    expect(cores.core('n1').raft.snapshotMeta(position(1))).not.toBe(null)
  })

  test('§7: it holds the index and term of the last entry that it stands for, and the members as of that entry', () => {
    const cores = new Cores('n1 n2 n3', withoutTail)
    cores.elect('n1')
    cores.elect('n2')
    cores.propose('n2', 'x')
    const { meta } = cores.save('n2')
    expect(meta).toMatchObject({ position: 3, epoch: 2 })
    expect(meta.members.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3'])
  })

  test('§7: index and term are there so that the first entry behind it can be checked', () => {
    const cores = new Cores('n1 n2 n3', withoutTail)
    cores.elect('n1')
    cores.propose('n1', 'x')
    cores.save('n3')
    cores.propose('n1', 'y')
    expect(cores.core('n3').log).toEqual(['1:y'])
    cores.receive('n3', 'n1', append(1, [3, 1], [entry(4, 1, 'z')]))
    expect(cores.core('n3').log).toEqual(['1:y', '1:z'])
  })

  test('§7: when it is complete the server may remove the log up to there', () => {
    const cores = withLateFollower()
    expect(cores.core('n1').log).toEqual(['1:-', '1:a', '1:b', '1:c'])
    cores.save('n1')
    expect(cores.core('n1').log).toEqual([])
    expect(cores.core('n1').state.log.base).toEqual({ index: 4, term: 1 })
  })

  test('departs from §7: by default a tail of the log stays, for followers that are a little behind', () => {
    const cores = withLateFollower(asInThePaper)
    cores.save('n1')
    expect(cores.core('n1').log).toEqual(['1:-', '1:a', '1:b', '1:c'])
    cores.heal()
    cores.tick(12)
    expect(cores.core('n3').applied).toEqual(['-', 'a', 'b', 'c'])
    expect(cores.sentOf('installSnapshot')).toEqual([])
  })

  test('§7: a server that starts again goes on from its snapshot and the log behind it', () => {
    const cores = new Cores('n1 n2 n3', withoutTail)
    cores.elect('n1')
    cores.propose('n1', 'a')
    cores.save('n2')
    cores.propose('n1', 'b')
    cores.crash('n2')
    cores.restart('n2')
    expect(cores.core('n2').applied).toEqual(['-', 'a'])
    expect(cores.core('n2').log).toEqual(['1:b'])
    expect(cores.core('n2').state.hardState).toEqual({ currentTerm: 1, votedFor: 'n1' })
  })
})

describe('sending snapshots', () => {
  test('§7: the leader sends one only to a follower that needs what is removed already', () => {
    const cores = withLateFollower()
    cores.save('n1')
    cores.heal()
    cores.tick(12)
    expect(new Set(cores.sentOf('installSnapshot').map(({ to }) => to))).toEqual(new Set(['n3']))
    expect(cores.core('n3').applied).toEqual(['-', 'a', 'b', 'c'])
  })

  test('§7: and then goes on with the entries behind it', () => {
    const cores = withLateFollower()
    cores.save('n1')
    cores.propose('n1', 'd')
    cores.heal()
    cores.tick(12)
    expect(cores.core('n3').applied).toEqual(['-', 'a', 'b', 'c', 'd'])
    expect(cores.core('n3').log).toEqual(['1:d'])
  })

  test('departs from §7: the message offers the snapshot, and the follower fetches the image beside the protocol', () => {
    const cores = withLateFollower()
    const { meta } = cores.save('n1')
    cores.core('n3').isFetchHeld = true
    cores.heal()
    cores.tick(12)
    expect(cores.sentOf('installSnapshot')[0]?.message).toEqual({ kind: 'installSnapshot', term: 1, meta })
    expect(cores.core('n3').fetches).toEqual([{ from: 'n1', meta }])
    expect(cores.core('n3').applied).toEqual(['-'])
    cores.fetch('n3')
    expect(cores.core('n3').applied).toEqual(['-', 'a', 'b', 'c'])
  })
})

describe('receiving snapshots', () => {
  /** The snapshot of a to c, of term 1, as n1 has it. */
  function offered() {
    const cores = withLateFollower()
    const { meta } = cores.save('n1')
    const offer = { kind: 'installSnapshot', term: term(1), meta } as const
    return { cores, n3: cores.core('n3'), offer }
  }

  test('§7: one that is news to the follower replaces all of a log that conflicts with it (Figure 13)', () => {
    const { cores, n3, offer } = offered()
    const stale = [2, 3, 4, 5].map((index) => entry(index, 2, `stale ${index}`))
    cores.receive('n3', 'n9', append(2, [1, 1], stale))
    expect(n3.log).toHaveLength(5)
    cores.receive('n3', 'n1', { ...offer, term: term(3) })
    expect(n3.log).toEqual([])
    expect(n3.state.log.base).toEqual({ index: 4, term: 1 })
    expect(n3.applied).toEqual(['-', 'a', 'b', 'c'])
  })

  test('§7: of one that stands for the beginning of the follower’s log, what is behind it stays (Figure 13)', () => {
    const { cores, n3, offer } = offered()
    const same = ['a', 'b', 'c', 'd'].map((command, at) => entry(at + 2, 1, command))
    cores.receive('n3', 'n1', append(1, [1, 1], same))
    cores.receive('n3', 'n1', offer)
    expect(n3.log).toEqual(['1:d'])
    expect(n3.applied).toEqual(['-', 'a', 'b', 'c'])
  })

  test('§7: it replaces the machine’s state, and sets the members to those that it holds (Figure 13)', () => {
    const { cores, n3, offer } = offered()
    cores.receive('n3', 'n1', offer)
    expect(n3.applied).toEqual(['-', 'a', 'b', 'c'])
    expect(n3.state.members).toEqual(offer.meta.members)
    expect(n3.state.lastApplied).toBe(4)
  })

  test('§7: one of a leader of an earlier term is answered with the later term, and nothing else (Figure 13)', () => {
    const { cores, n3, offer } = offered()
    cores.receive('n3', 'n2', heartbeat(5))
    cores.receive('n3', 'n1', offer)
    expect(cores.sent.at(-1)?.message).toMatchObject({ kind: 'installSnapshotReply', term: 5, success: false })
    expect(n3.applied).toEqual(['-'])
  })

  test('§7: a snapshot keeps its leader’s authority, as every message of a leader does', () => {
    const { cores, n3, offer } = offered()
    cores.tick(10, 'n3')
    cores.receive('n3', 'n1', offer)
    expect(n3.state).toMatchObject({ leader: 'n1', electionElapsedTicks: 0 })
  })

  test('F-43: the answer to an image that was not asked for, or not any more, changes nothing', () => {
    const { cores, n3, offer } = offered()
    n3.isFetchHeld = true
    cores.receive('n3', 'n1', offer)
    const older = { ...offer.meta, position: position(2) }
    for (const kind of ['snapshotFetched', 'snapshotFailed'] as const) n3.step({ kind, meta: older })
    expect(n3.state.fetching).toMatchObject({ from: 'n1', meta: offer.meta })
    cores.fetch('n3')
    const before = n3.raft.exportState()
    for (const kind of ['snapshotFetched', 'snapshotFailed'] as const) n3.step({ kind, meta: offer.meta })
    expect(n3.raft.exportState()).toEqual(before)
  })

  test('F-14: an answer that claims more than the leader has is of no office of this leader, and ignored', () => {
    const { cores, offer } = offered()
    const { state } = cores.core('n1')
    const matchIndex = logIndex(99)
    const answer = { kind: 'installSnapshotReply', term: term(1), success: true, position: logIndex(4) } as const
    cores.receive('n1', 'n3', { ...answer, matchIndex })
    expect(state.progress.get(cores.core('n3').id)?.matchIndex).toBeLessThanOrEqual(offer.meta.position)
    expect(state.commitIndex).toBe(4)
  })

  test('departs from §7: one that is not ahead of the follower’s commit index is answered, and not fetched', () => {
    const { cores, offer } = offered()
    cores.receive('n2', 'n1', offer)
    expect(cores.core('n2').fetches).toEqual([])
    expect(cores.sent.at(-1)?.message).toEqual({
      kind: 'installSnapshotReply',
      term: 1,
      success: true,
      position: offer.meta.position,
      matchIndex: logIndex(4),
    })
  })
})
