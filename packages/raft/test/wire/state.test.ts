import { nodeId, ProtocolFormatError, seededRandom, sequence, type ProtocolStart } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { checkInvariants, logIndex, Raft, raft, term } from '../../src/index.js'
import { Cores, type Core } from '../cores.js'
import { feedDamaged } from '../../../../tools/damaged-bytes/feed-damaged.js'

const options = { preVote: false, checkQuorum: false, inflightMessagesMax: 2, batchEntriesMax: 1 }
const module = raft(options)
const isRefusal = (error: unknown): boolean => error instanceof ProtocolFormatError

function startOf(core: Core): ProtocolStart {
  return { self: core.id, incarnation: 'i', bootstrap: null, snapshot: null, random: seededRandom(9), tickMs: 10 }
}

function copyOf(core: Core): Raft {
  const copy = module.importState(core.raft.exportState(), startOf(core))
  if (!(copy instanceof Raft)) throw new TypeError('raft() makes Raft cores')
  return copy
}

/** A member of every kind, in the middle of things. */
function characters(): Record<string, Core> {
  const follower = new Cores('n1 n2 n3', options)
  follower.elect('n2')
  follower.propose('n2', 'x', 'y')
  const leader = new Cores('n1 n2 n3?', options)
  leader.elect('n1')
  leader.propose('n1', 'x')
  leader.core('n1').isDiskHeld = true
  leader.cut('n1', 'n2 n3')
  leader.propose('n1', ...'abcdef')
  leader.read('n1')
  leader.read('n1')
  const deposed = new Cores('n1 n2 n3', options)
  deposed.elect('n1')
  deposed.cut('n1', 'n2 n3')
  deposed.propose('n1', ...'abc')
  const late = { prevLogIndex: logIndex(1), prevLogTerm: term(1), leaderCommit: logIndex(0), entries: [] }
  const entry = { index: logIndex(2), term: term(2), kind: 'noop' as const, data: new Uint8Array() }
  deposed.receive('n1', 'n2', { kind: 'appendEntries', term: term(2), ...late, entries: [entry] })
  const candidate = new Cores('n1 n2 n3', options)
  candidate.core('n1').isDiskHeld = true
  candidate.cut('n1', 'n2 n3')
  candidate.campaign('n1')
  candidate.receive('n1', 'n3', { kind: 'requestVoteReply', term: term(1), voteGranted: false })
  const asking = new Cores('n1 n2 n3', { ...options, preVote: true })
  asking.cut('n1', 'n2 n3')
  asking.campaign('n1')
  const behind = new Cores('n1 n2 n3', { ...options, tailEntriesMax: 1 })
  behind.elect('n1')
  behind.cut('n3', 'n1 n2')
  behind.propose('n1', ...'abc')
  behind.save('n1')
  behind.heal()
  behind.core('n3').isFetchHeld = true
  behind.tick(5)
  const installing = new Cores('n1 n2 n3', { ...options, tailEntriesMax: 0 })
  installing.elect('n1')
  installing.cut('n3', 'n1 n2')
  installing.propose('n1', ...'abc')
  installing.save('n1')
  installing.heal()
  installing.core('n3').isApplierHeld = true
  installing.tick(5)
  const handing = new Cores('n1 n2 n3', options)
  handing.elect('n1')
  handing.cut('n2', 'n1 n3')
  handing.propose('n1', 'x')
  handing.transfer('n1', 'n2')
  const suspecting = new Cores('n1 n2 n3', { checkQuorum: true })
  suspecting.elect('n1')
  suspecting.cut('n1', 'n2 n3')
  suspecting.core('n2').step({ kind: 'linkDown', peer: nodeId('n1'), gone: true })
  suspecting.settle()
  return {
    handing: handing.core('n1'),
    suspecting: suspecting.core('n2'),
    offering: behind.core('n1'),
    fetching: behind.core('n3'),
    installing: installing.core('n3'),
    follower: follower.core('n1'),
    leader: leader.core('n1'),
    deposed: deposed.core('n1'),
    candidate: candidate.core('n1'),
    preCandidate: asking.core('n1'),
  }
}

const cast = Object.entries(characters())

describe('the state of a member as bytes', () => {
  test('the characters are what they are called', () => {
    const { follower, leader, deposed, candidate, preCandidate } = characters()
    expect([follower, leader, deposed, candidate, preCandidate].map((core) => core!.state.role)).toEqual([
      'follower',
      'leader',
      'follower',
      'candidate',
      'preCandidate',
    ])
    const { handing, suspecting, offering, fetching, installing } = characters()
    expect(offering!.state.progress.get(nodeId('n3'))).toMatchObject({ phase: 'snapshot', offeredIndex: 4 })
    expect(offering!.state.log.base.index).toBe(3)
    expect(handing!.state.transfer).toMatchObject({ to: 'n2', isSent: false })
    expect(suspecting!.state.suspicion).toMatchObject({ leader: 'n1' })
    expect(fetching!.state.fetching).toMatchObject({ from: 'n1', meta: { position: 4 } })
    expect(installing!.state).toMatchObject({ isInstalling: true, lastApplied: 1, deliveredIndex: 4 })
    expect(deposed!.state.deposed.size).toBe(3)
    expect(leader!.state.readRounds.length).toBe(2)
    expect(candidate!.state.ownVoteSequence).not.toBeNull()
  })

  test.each(cast)('%s comes back, and behaves alike', (_name, core) => {
    const copy = copyOf(core)
    expect(copy.exportState()).toEqual(core.raft.exportState())
    expect(copy.describe()).toEqual(core.raft.describe())
    const other = copyOf(core)
    for (let tick = 0; tick < 80; tick += 1) {
      for (const each of [copy, other]) {
        each.step({ kind: 'tick', missed: tick % 40 === 39 ? 5 : 0 })
        const ready = each.takeReady()
        const last = ready.firstSequence + ready.records.length - 1
        if (ready.records.length > 0) each.step({ kind: 'persisted', sequence: sequence(last) })
        checkInvariants(each.state)
      }
      expect(copy.takeReady()).toEqual(other.takeReady())
    }
    expect(copy.exportState()).toEqual(other.exportState())
  })

  test('the copy of a leader counts what is durable as the leader does', () => {
    const { leader } = characters()
    const copy = copyOf(leader!)
    expect(copy.state.log.persistedIndex).toBe(leader!.state.log.persistedIndex)
    expect(copy.state.uncommittedBytes).toBe(leader!.state.uncommittedBytes)
    const held = copy.state.outbox.takenSequence
    copy.step({ kind: 'persisted', sequence: sequence(held) })
    expect(copy.state.log.persistedIndex).toBe(copy.state.log.lastIndex)
  })

  test('two ways to the same state give the same bytes, however many records they took', () => {
    const [one, other] = [new Cores('n1 n2 n3', options), new Cores('n1 n2 n3', options)]
    const entries = [1, 2].map((index) => ({
      index: logIndex(index),
      term: term(1),
      kind: 'command' as const,
      data: Uint8Array.of(index),
    }))
    const first = { prevLogIndex: logIndex(0), prevLogTerm: term(0), leaderCommit: logIndex(0) }
    const second = { prevLogIndex: logIndex(1), prevLogTerm: term(1), leaderCommit: logIndex(0) }
    one.receive('n1', 'n2', { kind: 'appendEntries', term: term(1), ...first, entries })
    other.receive('n1', 'n2', { kind: 'appendEntries', term: term(1), ...first, entries: entries.slice(0, 1) })
    other.receive('n1', 'n2', { kind: 'appendEntries', term: term(1), ...second, entries: entries.slice(1) })
    expect(one.core('n1').records.length).toBeLessThan(other.core('n1').records.length)
    expect(one.core('n1').raft.exportState()).toEqual(other.core('n1').raft.exportState())
  })

  test('effects have to be taken before', () => {
    const cores = new Cores('n1')
    cores.core('n1').raft.step({ kind: 'admin', token: cores.nextToken(), command: { kind: 'campaign' } })
    expect(() => cores.core('n1').raft.exportState()).toThrow('effects are taken before')
  })

  test('a former leader leaves no trace of its office', () => {
    const cores = new Cores('n1 n2 n3', options)
    cores.elect('n1')
    cores.tick(3, 'n1')
    cores.core('n1').step({ kind: 'tick', missed: 30 })
    cores.settle()
    const { heartbeatElapsedTicks, readRound, uncommittedBytes } = cores.core('n1').state
    expect({ heartbeatElapsedTicks, readRound, uncommittedBytes }).toEqual({
      heartbeatElapsedTicks: 0,
      readRound: 0,
      uncommittedBytes: 0,
    })
  })

  test.each(cast)('what is damaged of %s is refused, or is a state that can be', (name, core) => {
    const start = startOf(core)
    feedDamaged([core.raft.exportState()], {
      decode: (bytes) => module.importState(bytes, start),
      encode: (copy) => {
        const bytes = copy.exportState()
        copy.step({ kind: 'tick', missed: 0 })
        return bytes
      },
      isRefusal,
      // One of them with everything that a byte can be: the others would take minutes.
      ...(name === 'follower' ? {} : { values: [0, 1, 2, 9, 128, 255] }),
    })
  })

  test('dice of another kind are refused', () => {
    const { follower } = characters()
    const bytes = follower!.raft.exportState()
    const text = Buffer.from(bytes).toString('latin1').replace('sfc32:', 'dices:')
    expect(() => module.importState(Uint8Array.from(Buffer.from(text, 'latin1')), startOf(follower!))).toThrow(
      ProtocolFormatError,
    )
  })
})
