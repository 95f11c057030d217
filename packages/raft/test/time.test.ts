import { describe, expect, test } from 'vitest'
import { Cores } from './cores.js'

describe('D1: a stall is told as one tick', () => {
  test('F-28: a leader that missed an election time-out steps down before it answers anything', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const n1 = cores.core('n1')
    const waiting = cores.nextToken()
    n1.step({ kind: 'tick', missed: 14 })
    n1.step({ kind: 'readBarrier', token: waiting })
    const [command] = cores.propose('n1', 'x')
    expect(n1.state).toMatchObject({ role: 'follower', leader: null })
    for (const given of [waiting, command!]) {
      expect(n1.settled.get(given)).toMatchObject({ kind: 'refused', reason: 'notLeader' })
    }
  })

  test('barriers of before the stall end with the office', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.cut('n1', 'n2 n3')
    const given = cores.read('n1')
    cores.core('n1').step({ kind: 'tick', missed: 100 })
    cores.heal()
    cores.settle()
    expect(cores.core('n1').settled.get(given)).toMatchObject({ kind: 'refused', reason: 'notLeader' })
    expect(cores.core('n1').reads.has(given)).toBe(false)
  })

  test('a shorter stall ends no office while answers may wait in the queue', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.tick(15)
    cores.tick(6)
    // Since the last question nobody has answered yet: all answers are behind this tick.
    for (const progress of cores.core('n1').state.progress.values()) progress.isRecentlyActive = false
    cores.core('n1').step({ kind: 'tick', missed: 13 })
    cores.settle()
    cores.tick(30)
    expect(cores.leaders).toEqual(['n1'])
    expect(cores.core('n1').state.hardState.currentTerm).toBe(1)
  })

  test('F-37: a follower that slept starts no election before it has read what its leader sent meanwhile', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const n3 = cores.core('n3')
    cores.fateOf = ({ to }) => (to === 'n3' ? 'waits' : 'arrives')
    cores.tick(60, 'n1', 'n2')
    n3.step({ kind: 'tick', missed: 200 })
    expect(n3.state.role).toBe('follower')
    cores.release()
    cores.tick(5)
    expect(n3.state).toMatchObject({ role: 'follower', leader: 'n1', hardState: { currentTerm: 1 } })
    expect(cores.sentOf('requestPreVote').filter(({ from }) => from === 'n3')).toEqual([])
  })

  test('but when nothing came it asks at the next tick', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.crash('n1')
    const n3 = cores.core('n3')
    n3.step({ kind: 'tick', missed: 200 })
    expect(n3.state.role).toBe('follower')
    n3.step({ kind: 'tick', missed: 0 })
    expect(n3.state.role).toBe('preCandidate')
  })

  test('right after a restart a stall starts no election by itself either', () => {
    const cores = new Cores('n1 n2 n3')
    const n1 = cores.core('n1')
    n1.step({ kind: 'tick', missed: 10_000 })
    expect(n1.state.role).toBe('follower')
    n1.step({ kind: 'tick', missed: 0 })
    expect(n1.state.role).toBe('preCandidate')
  })

  test('the only voter keeps its office through any stall: nobody else can have been elected', () => {
    const cores = new Cores('n1 n2?')
    cores.elect('n1')
    cores.core('n1').step({ kind: 'tick', missed: 10_000 })
    cores.settle()
    expect(cores.leaders).toEqual(['n1'])
  })

  test('a leader sends a heartbeat at once after a stall', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const from = cores.sent.length
    cores.core('n1').step({ kind: 'tick', missed: 8 })
    cores.settle()
    expect(cores.sentOf('heartbeat', from)).toHaveLength(2)
  })
})
