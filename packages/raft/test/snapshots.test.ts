import { InvariantViolation, nodeId, position, sequence } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { decodeRecord, logIndex, term } from '../src/index.js'
import { decodeConfState } from '../src/wire/conf-state-codec.js'
import { Cores } from './cores.js'

const without = { preVote: false, checkQuorum: false }
const short = { ...without, tailEntriesMax: 0 }

/** n3 is cut off while n1 commits a to e, and n1 has compacted its log since. */
function withLateFollower(options = short): Cores {
  const cores = new Cores('n1 n2 n3', options)
  cores.elect('n1')
  cores.cut('n3', 'n1 n2')
  cores.propose('n1', ...'abcde')
  cores.save('n1')
  return cores
}

describe('compaction', () => {
  test('order 7.3: the hard state is recorded again, and the release names the first record to replay', () => {
    const cores = new Cores('n1 n2 n3', short)
    cores.elect('n1')
    cores.propose('n1', 'a', 'b')
    const { meta } = cores.save('n1')
    const n1 = cores.core('n1')
    const ready = n1.readys.at(-1)!
    expect(meta).toMatchObject({ position: 3, epoch: 1, members: n1.state.members })
    expect(decodeConfState(meta.protocol).voters).toEqual(['n1', 'n2', 'n3'])
    expect(ready.release).toEqual({ sequence: ready.firstSequence, snapshot: 3 })
    expect(ready.records.map(decodeRecord)).toEqual([
      { kind: 'hardState', hardState: { currentTerm: 1, votedFor: 'n1' } },
    ])
    expect([n1.log, n1.state.log.base]).toEqual([[], { index: 3, term: 1 }])
  })

  test('PORTS 9.9: records of entries above the snapshot are replayed too, and what it stands for is skipped', () => {
    const cores = new Cores('n1 n2 n3', short)
    cores.elect('n1')
    const n1 = cores.core('n1')
    n1.isApplierHeld = true
    cores.propose('n1', 'a', 'b', 'c')
    n1.step({ kind: 'applied', position: position(3) })
    const record = n1.state.log.sequenceAt(4)
    const { meta } = n1.save()
    cores.settle()
    expect(n1.released).toEqual({ sequence: record, snapshot: 3 })
    expect(decodeRecord(n1.records[record - 1]!)).toMatchObject({ kind: 'entries', firstIndex: 2 })
    cores.crash('n1')
    cores.restart('n1')
    expect(n1.state).toMatchObject({ commitIndex: 3, deliveredIndex: 3, lastApplied: 3, snapshot: meta })
    expect(n1.state.members).toEqual(meta.members)
    expect(n1.log).toEqual(['1:c'])
    expect(n1.state.hardState).toEqual({ currentTerm: 1, votedFor: 'n1' })
    cores.elect('n2')
    cores.propose('n2', 'd')
    cores.tick(5)
    expect(n1.applied).toEqual(['-', 'a', 'b', 'c', '-', 'd'])
  })

  test('a tail stays in memory, bounded in entries and bytes, so that who is a little behind needs no image', () => {
    const cores = new Cores('n1 n2 n3', { ...without, tailEntriesMax: 3 })
    cores.elect('n1')
    cores.cut('n3', 'n1 n2')
    cores.propose('n1', 'a', 'b')
    cores.save('n1')
    expect(cores.core('n1').log).toEqual(['1:-', '1:a', '1:b'])
    cores.propose('n1', 'c')
    cores.save('n1')
    expect(cores.core('n1').log).toEqual(['1:a', '1:b', '1:c'])
    cores.heal()
    cores.tick(10)
    expect(cores.core('n3').applied).toEqual(['-', 'a', 'b', 'c'])
    expect(cores.sentOf('installSnapshot')).toEqual([])
    const narrow = new Cores('n1', { tailBytesMax: 30 })
    narrow.elect('n1')
    narrow.propose('n1', 'x'.repeat(40), 'y')
    narrow.save('n1')
    expect(narrow.core('n1').log).toEqual(['1:y'])
  })

  test('a snapshot that is not ahead of the last one changes nothing; one ahead of the machine is a broken driver', () => {
    const cores = new Cores('n1', short)
    cores.elect('n1')
    cores.propose('n1', 'a')
    const { meta } = cores.save('n1')
    const n1 = cores.core('n1')
    n1.step({ kind: 'snapshotSaved', meta })
    expect(n1.raft.hasReady()).toBe(false)
    const ahead = { ...meta, position: position(3) }
    expect(() => n1.step({ kind: 'snapshotSaved', meta: ahead })).toThrow(InvariantViolation)
  })

  test('PORTS 9.7: there is nothing to say of a position before the snapshot, or beyond what was delivered', () => {
    const cores = new Cores('n1', short)
    cores.elect('n1')
    cores.propose('n1', 'a', 'b')
    cores.save('n1')
    const { raft } = cores.core('n1')
    expect([2, 3, 4].map((at) => raft.snapshotMeta(position(at))?.position ?? null)).toEqual([null, 3, null])
  })
})

describe('a snapshot for a follower that lacks what is no longer there', () => {
  test('is offered, fetched, installed, and followed by what came behind it', () => {
    const cores = withLateFollower()
    const n3 = cores.core('n3')
    n3.isFetchHeld = true
    cores.heal()
    cores.tick(10)
    expect(n3.fetches).toMatchObject([{ from: 'n1', meta: { position: 6 } }])
    expect(cores.core('n1').state.progress.get(nodeId('n3'))).toMatchObject({ phase: 'snapshot' })
    const from = cores.sent.length
    cores.propose('n1', 'f')
    cores.tick(10)
    expect(cores.sentOf('appendEntries', from).filter(({ to }) => to === 'n3')).toEqual([])
    expect(cores.sentOf('installSnapshotReply')).toEqual([])
    cores.fetch('n3')
    cores.tick(10)
    expect(n3.applied).toEqual(['-', ...'abcdef'])
    expect(cores.core('n1').state.progress.get(nodeId('n3'))).toMatchObject({ phase: 'replicate', matchIndex: 7 })
  })

  test('lane two: success is said when the records are durable, and nothing is delivered before the machine is there', () => {
    const cores = withLateFollower()
    const n3 = cores.core('n3')
    n3.isFetchHeld = true
    cores.heal()
    cores.tick(10)
    n3.isDiskHeld = true
    cores.fetch('n3')
    expect(n3.readys.at(-1)).toMatchObject({ installSnapshot: { position: 6 }, release: { snapshot: 6 } })
    expect(cores.sentOf('installSnapshotReply')).toEqual([])
    n3.isApplierHeld = true
    n3.isDiskHeld = false
    cores.persist('n3')
    cores.propose('n1', 'f')
    expect(cores.sentOf('installSnapshotReply')).toMatchObject([{ message: { success: true, matchIndex: 6 } }])
    cores.tick(10)
    expect(n3.state).toMatchObject({ isInstalling: true, deliveredIndex: 6, lastApplied: 1, commitIndex: 7 })
    // PORTS 9.5: another offer, and another image, are ignored meanwhile.
    const { meta } = cores.save('n1')
    cores.receive('n3', 'n1', { kind: 'installSnapshot', term: term(1), meta })
    n3.step({ kind: 'snapshotFetched', meta })
    expect(n3.state.snapshot?.position).toBe(6)
    n3.isApplierHeld = false
    n3.reportApplied()
    cores.settle()
    expect(n3.applied).toEqual(['-', ...'abcdef'])
    expect(n3.state.isInstalling).toBe(false)
  })

  test('F-17: a log of another history is discarded, with a record that says so', () => {
    const cores = new Cores('n1 n2 n3', short)
    cores.elect('n3')
    cores.cut('n3', 'n1 n2')
    const given = cores.propose('n3', ...'uvwxyz')
    cores.elect('n1')
    cores.propose('n1', 'a', 'b')
    cores.save('n1')
    cores.heal()
    cores.tick(10)
    const n3 = cores.core('n3')
    expect(n3.applied).toEqual(['-', '-', 'a', 'b'])
    expect(n3.log).toEqual([])
    const installed = n3.readys.find((ready) => ready.installSnapshot !== null)!
    expect(installed.records.map(decodeRecord)).toEqual([
      { kind: 'hardState', hardState: { currentTerm: 2, votedFor: null } },
      { kind: 'reset', base: { index: 4, term: 2 } },
    ])
    expect(installed.release).toEqual({ sequence: installed.firstSequence, snapshot: 4 })
    // Places 2 to 4 were skipped; those behind can never be committed.
    const ends = given.map((each) => n3.settled.get(each)?.kind)
    expect(ends).toEqual(['unknown', 'unknown', 'unknown', 'overwritten', 'overwritten', 'overwritten'])
    cores.crash('n3')
    cores.restart('n3')
    expect([n3.applied, n3.log]).toEqual([['-', '-', 'a', 'b'], []])
    cores.propose('n1', 'c')
    cores.tick(10)
    expect(n3.applied).toEqual(['-', '-', 'a', 'b', 'c'])
  })

  test('F-17: a log that has the snapshot’s last entry keeps what is behind it', () => {
    const cores = new Cores('n1 n2 n3', short)
    cores.elect('n1')
    cores.core('n2').isFetchHeld = true
    cores.cut('n2', 'n1 n3')
    cores.propose('n1', 'a', 'b')
    const { meta } = cores.save('n1')
    cores.receive('n2', 'n1', { kind: 'installSnapshot', term: term(1), meta })
    cores.core('n3').isDiskHeld = true
    cores.propose('n1', 'c')
    const data = (text: string) => new TextEncoder().encode(text)
    const entries = ['a', 'b', 'c'].map((text, at) => ({
      index: logIndex(2 + at),
      term: term(1),
      kind: 'command' as const,
      data: data(text),
    }))
    cores.receive('n2', 'n1', {
      kind: 'appendEntries',
      term: term(1),
      prevLogIndex: logIndex(1),
      prevLogTerm: term(1),
      entries,
      leaderCommit: logIndex(1),
    })
    cores.core('n2').images.set(meta.position, { meta, applied: ['-', 'a', 'b'] })
    const n2 = cores.core('n2')
    const record = n2.state.log.sequenceAt(4)
    n2.step({ kind: 'snapshotFetched', meta })
    cores.settle()
    expect([n2.log, n2.applied]).toEqual([['1:c'], ['-', 'a', 'b']])
    expect(n2.released).toEqual({ sequence: record, snapshot: 3 })
    cores.crash('n2')
    cores.restart('n2')
    expect(n2.log).toEqual(['1:c'])
  })

  test('F-17: an offer that is not ahead is answered with what is here, and an image that is not ahead is ignored', () => {
    const cores = withLateFollower()
    const n3 = cores.core('n3')
    n3.isFetchHeld = true
    cores.heal()
    cores.tick(10)
    const { meta } = n3.fetches[0]!
    // Another leader has the whole log, and brings n3 up to date before the image comes.
    cores.elect('n2')
    cores.tick(10)
    expect(n3.applied).toEqual(['-', ...'abcde', '-'])
    cores.fetch('n3')
    expect(n3.state).toMatchObject({ snapshot: null, fetching: null, isInstalling: false })
    cores.receive('n3', 'n2', { kind: 'installSnapshot', term: term(2), meta })
    expect(cores.sentOf('installSnapshotReply').at(-1)?.message).toMatchObject({ success: true, matchIndex: 7 })
  })

  test('F-43: an image that cannot be had is refused, and a newer one is offered', () => {
    const cores = withLateFollower()
    const n3 = cores.core('n3')
    n3.isFetchHeld = true
    cores.heal()
    cores.tick(10)
    cores.propose('n1', 'f')
    cores.save('n1')
    cores.core('n1').images.delete(6)
    cores.fetch('n3')
    expect(cores.sentOf('installSnapshotReply').at(-1)?.message).toMatchObject({ success: false, position: 6 })
    expect(n3.fetches).toMatchObject([{ meta: { position: 7 } }])
    cores.fetch('n3')
    cores.tick(10)
    expect(n3.applied).toEqual(['-', ...'abcdef'])
  })

  test('F-43: the leader changes in the middle; the image still counts, and the new leader goes on behind it', () => {
    const cores = withLateFollower()
    const n3 = cores.core('n3')
    n3.isFetchHeld = true
    cores.heal()
    cores.tick(10)
    cores.elect('n2')
    cores.cut('n2', 'n3')
    cores.save('n2')
    cores.propose('n2', 'f')
    cores.heal()
    cores.tick(10)
    cores.fetch('n3')
    n3.isFetchHeld = false
    cores.tick(10)
    expect(n3.applied).toEqual(['-', ...'abcde', '-', 'f'])
  })

  test('F-43: the receiver dies between "fetched" and the durable record of it, and is offered it again', () => {
    const cores = withLateFollower()
    const n3 = cores.core('n3')
    n3.isFetchHeld = true
    cores.heal()
    cores.tick(10)
    n3.isDiskHeld = true
    cores.fetch('n3')
    expect(n3.state.isInstalling).toBe(true)
    cores.crash('n3')
    cores.restart('n3')
    n3.isFetchHeld = false
    expect([n3.state.snapshot, n3.log]).toEqual([null, ['1:-']])
    cores.tick(10)
    expect(n3.applied).toEqual(['-', ...'abcde'])
  })

  test('PORTS 9.11: what comes behind an offered image is kept until the follower replicates, within bounds', () => {
    const story = (options: object) => {
      const cores = withLateFollower({ ...short, ...options })
      const n3 = cores.core('n3')
      n3.isFetchHeld = true
      cores.heal()
      cores.tick(10)
      for (const command of 'fgh') {
        cores.propose('n1', command)
        cores.save('n1')
      }
      const { base } = cores.core('n1').state.log
      cores.fetch('n3')
      n3.isFetchHeld = false
      cores.tick(20)
      expect(n3.applied).toEqual(['-', ...'abcdefgh'])
      return { base: base.index, fetched: n3.readys.filter((ready) => ready.fetchSnapshot !== null).length }
    }
    expect(story({})).toEqual({ base: 6, fetched: 1 })
    expect(story({ transferTailBytesMax: 20 })).toEqual({ base: 8, fetched: 2 })
  })

  test('F-18: the configuration comes with the snapshot, to a member that knew none', () => {
    const cores = withLateFollower()
    const { meta } = cores.save('n1')
    const joiner = new Cores('n9', short)
    joiner.core('n9').images.set(meta.position, { meta, applied: ['-', ...'abcde'] })
    joiner.core('n9').isFetchHeld = true
    joiner.receive('n9', 'n1', { kind: 'installSnapshot', term: term(1), meta })
    joiner.core('n9').step({ kind: 'snapshotFetched', meta })
    joiner.settle()
    expect(joiner.core('n9').state.conf.voters).toEqual(['n1', 'n2', 'n3'])
    expect(joiner.core('n9').readys.at(-2)?.members ?? joiner.core('n9').readys.at(-1)?.members).toEqual(meta.members)
    joiner.crash('n9')
    joiner.restart('n9')
    expect(joiner.core('n9').state.conf.voters).toEqual(['n1', 'n2', 'n3'])
  })

  test('an old leader’s offer is answered with the term, and a leader takes none', () => {
    const cores = withLateFollower()
    const { meta } = cores.core('n1').images.get(6)!
    cores.elect('n2')
    cores.receive('n2', 'n1', { kind: 'installSnapshot', term: term(1), meta: { ...meta, position: position(20) } })
    expect(cores.sentOf('installSnapshotReply').at(-1)?.message).toMatchObject({ term: 2, success: false })
    expect(cores.core('n2').state.fetching).toBeNull()
  })

  test('F-14: a late success does not take back what is known since', () => {
    const cores = withLateFollower()
    cores.heal()
    cores.tick(10)
    cores.propose('n1', 'f')
    const reply = { term: term(1), success: true, position: logIndex(6), matchIndex: logIndex(6) }
    cores.receive('n1', 'n3', { kind: 'installSnapshotReply', ...reply })
    const { matchIndex, nextIndex } = cores.core('n1').state.progress.get(nodeId('n3'))!
    expect({ matchIndex, nextIndex }).toEqual({ matchIndex: 7, nextIndex: 8 })
  })

  test('a follower that comes this far without the image leaves the phase', () => {
    const cores = withLateFollower()
    cores.core('n3').isFetchHeld = true
    cores.heal()
    cores.tick(10)
    const accepted = { kind: 'appendEntriesReply' as const, term: term(1), success: true as const }
    cores.receive('n1', 'n3', { ...accepted, matchIndex: logIndex(3) })
    expect(cores.core('n1').state.progress.get(nodeId('n3'))?.phase).toBe('snapshot')
    cores.cut('n1', 'n3')
    cores.receive('n1', 'n3', { ...accepted, matchIndex: logIndex(6) })
    expect(cores.core('n1').state.progress.get(nodeId('n3'))).toMatchObject({ phase: 'probe', matchIndex: 6 })
  })
})

test('order 7.3: a journal that does not reach its snapshot is STORAGE_CORRUPT', () => {
  const cores = withLateFollower()
  const n1 = cores.core('n1')
  n1.released = { sequence: sequence(n1.records.length + 1), snapshot: position(6) }
  cores.crash('n1')
  expect(() => cores.restart('n1')).toThrow(expect.objectContaining({ code: 'STORAGE_CORRUPT' }))
})
