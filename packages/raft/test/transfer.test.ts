import { describe, expect, test } from 'vitest'
import { term } from '../src/index.js'
import { Cores } from './cores.js'

function ledBy(name: string, names = 'n1 n2 n3', options = {}): Cores {
  const cores = new Cores(names, options)
  cores.elect(name)
  return cores
}

describe('F-26: leadership is handed over', () => {
  test('at once, without pre-votes, to a target that has everything, though all hear the leader', () => {
    const cores = ledBy('n1')
    cores.propose('n1', 'x')
    const from = cores.sent.length
    const given = cores.transfer('n1', 'n2')
    expect(cores.leaders).toEqual(['n2'])
    expect(cores.core('n1').settled.get(given)).toEqual({ kind: 'done', position: null })
    expect(cores.sentOf('requestPreVote', from)).toEqual([])
    expect(cores.sentOf('requestVote', from).map(({ message }) => message)).toMatchObject([
      { isTransfer: true },
      { isTransfer: true },
    ])
    cores.propose('n2', 'y')
    expect(cores.core('n3').applied).toEqual(['-', 'x', '-', 'y'])
  })

  test('timeoutNow leaves at once, and only when the target has everything', () => {
    const cores = ledBy('n1')
    cores.cut('n2', 'n1 n3')
    cores.propose('n1', 'x')
    const given = cores.transfer('n1', 'n2')
    expect(cores.sentOf('timeoutNow')).toEqual([])
    cores.heal()
    cores.tickUntil(() => cores.leaders[0] === 'n2')
    expect(cores.core('n2').applied).toContain('x')
    expect(cores.core('n1').settled.get(given)).toEqual({ kind: 'done', position: null })
  })

  test('to nobody in particular: to the voter that has the most', () => {
    const cores = ledBy('n1', 'n1 n2 n3 n4?')
    cores.cut('n2', 'n1')
    cores.propose('n1', 'x')
    const given = cores.transfer('n1', null)
    expect(cores.leaders).toEqual(['n3'])
    expect(cores.core('n1').settled.get(given)).toMatchObject({ kind: 'done' })
  })

  test('proposals wait meanwhile, and go on after one election timeout if nobody takes over', () => {
    const cores = ledBy('n1')
    cores.cut('n2', 'n1 n3')
    cores.propose('n1', 'x')
    const given = cores.transfer('n1', 'n2')
    const { settled, tokens } = cores.core('n1')
    const [early] = cores.propose('n1', 'y')
    expect(settled.get(early!)).toMatchObject({ kind: 'refused', reason: 'inProgress' })
    cores.tick(30)
    expect(settled.get(given)).toMatchObject({ kind: 'refused', reason: 'overloaded' })
    const [late] = cores.propose('n1', 'z')
    expect(tokens).toContain(late)
    expect(cores.leaders).toEqual(['n1'])
  })

  test('the target dies after timeoutNow: the token ends unknown, and proposals go on', () => {
    const cores = ledBy('n1')
    cores.fateOf = ({ message }) => (message.kind === 'timeoutNow' ? 'lost' : 'arrives')
    const given = cores.transfer('n1', 'n2')
    cores.crash('n2')
    cores.tick(30)
    expect(cores.core('n1').settled.get(given)).toEqual({ kind: 'unknown' })
    const [late] = cores.propose('n1', 'z')
    expect(cores.core('n1').tokens).toContain(late)
  })

  test('a lost timeoutNow is sent again when the target answers a heartbeat', () => {
    const cores = ledBy('n1')
    cores.fateOf = ({ message }) => (message.kind === 'timeoutNow' ? 'lost' : 'arrives')
    cores.transfer('n1', 'n2')
    cores.fateOf = () => 'arrives'
    cores.tick(5)
    expect(cores.leaders).toEqual(['n2'])
  })

  test('a timeoutNow of an earlier term, or from who does not lead, moves nobody', () => {
    const cores = ledBy('n1', 'n1 n2 n3', { preVote: false, checkQuorum: false })
    cores.fateOf = ({ message }) => (message.kind === 'timeoutNow' ? 'waits' : 'arrives')
    cores.transfer('n1', 'n2')
    cores.tick(40)
    cores.elect('n3')
    cores.elect('n1')
    const { currentTerm } = cores.core('n1').state.hardState
    cores.release()
    cores.receive('n2', 'n3', { kind: 'timeoutNow', term: currentTerm })
    cores.receive('n2', 'n1', { kind: 'timeoutNow', term: term(currentTerm + 1) })
    expect(cores.leaders).toEqual(['n1'])
    expect(cores.core('n2').state.hardState.currentTerm).toBe(currentTerm)
  })

  test('a learner, a stranger and the leader itself are no targets; who does not lead hands nothing over', () => {
    const cores = ledBy('n1', 'n1 n2 n3?')
    const reasonOf = (name: string, to: string | null) => cores.core(name).settled.get(cores.transfer(name, to))
    for (const to of ['n1', 'n3', 'n9']) expect(reasonOf('n1', to)).toMatchObject({ reason: 'invalid' })
    expect(reasonOf('n2', 'n1')).toMatchObject({ reason: 'notLeader', leader: 'n1' })
    const alone = ledBy('n1', 'n1')
    expect(alone.core('n1').settled.get(alone.transfer('n1', null))).toMatchObject({ reason: 'invalid' })
  })

  test('a second transfer takes the place of the first', () => {
    const cores = ledBy('n1')
    cores.cut('n2', 'n1 n3')
    cores.propose('n1', 'x')
    const first = cores.transfer('n1', 'n2')
    const second = cores.transfer('n1', 'n3')
    const { settled } = cores.core('n1')
    expect(settled.get(first)).toMatchObject({ kind: 'refused', reason: 'overloaded' })
    expect(settled.get(second)).toEqual({ kind: 'done', position: null })
    expect(cores.leaders).toEqual(['n3'])
  })

  test('who loses office before anybody was told ends it unknown', () => {
    const cores = ledBy('n1')
    cores.cut('n2', 'n1')
    cores.propose('n1', 'x')
    const given = cores.transfer('n1', 'n2')
    cores.receive('n1', 'n3', { kind: 'requestVoteReply', term: term(9), voteGranted: false })
    expect(cores.core('n1').settled.get(given)).toEqual({ kind: 'unknown' })
  })
})
