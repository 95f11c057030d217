import { nodeId, seededRandom } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { Cores } from './cores.js'

function gone(cores: Cores, peer: string, ...witnesses: string[]): void {
  for (const name of witnesses) cores.core(name).step({ kind: 'linkDown', peer: nodeId(peer), gone: true })
  cores.settle()
}

describe('D41: a leader whose process is gone', () => {
  test('is replaced long before the election timeout, unless two collide', () => {
    const random = seededRandom(7)
    let quick = 0
    for (let run = 0; run < 40; run += 1) {
      const cores = new Cores('n1 n2 n3 n4 n5')
      cores.elect('n1')
      cores.tick(1 + random.nextInt(4))
      cores.crash('n1')
      const witnesses = ['n2', 'n3', 'n4', 'n5']
      for (const name of witnesses) if (random.nextInt(2) === 0) cores.tick(1, name)
      gone(cores, 'n1', ...witnesses)
      cores.tick(6)
      if (cores.leaders.length === 1) quick += 1
    }
    expect(quick).toBeGreaterThan(10)
  })

  test('F-46: members that see the same grant, those who hear it do not, and the next write succeeds', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.tick(5)
    cores.crash('n1')
    gone(cores, 'n1', 'n2')
    cores.tick(6)
    expect(cores.leaders).toEqual([])
    gone(cores, 'n1', 'n3')
    cores.tickUntil(() => cores.leaders.length === 1)
    const [given] = cores.propose(cores.leaders[0]!, 'x')
    expect(cores.core(cores.leaders[0]!).tokens).toContain(given)
  })

  test('F-46: a false alarm of one follower, or of a listener that opens again, changes no term', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    gone(cores, 'n1', 'n2')
    cores.tick(40)
    expect(cores.leaders).toEqual(['n1'])
    gone(cores, 'n1', 'n2', 'n3')
    for (const name of ['n2', 'n3']) {
      cores.core(name).step({ kind: 'linkUp', peer: nodeId('n1'), connection: 2 })
    }
    cores.tick(40)
    expect(cores.all.map(({ state }) => state.hardState.currentTerm)).toEqual([1, 1, 1])
    expect(cores.core('n2').state.suspicion).toBeNull()
  })

  test.each([
    ['the link is down, and nobody says that the process is gone', {}, false],
    ['it is switched off', { fastSuspicion: false }, true],
    ['there are no pre-votes', { preVote: false }, true],
  ] as const)('waits for the election timeout when %s', (_name, options, isGone) => {
    const cores = new Cores('n1 n2 n3', options)
    cores.elect('n1')
    cores.tick(5)
    cores.crash('n1')
    for (const name of ['n2', 'n3']) cores.core(name).step({ kind: 'linkDown', peer: nodeId('n1'), gone: isGone })
    cores.settle()
    cores.tick(10)
    expect(cores.core('n2').state).toMatchObject({ role: 'follower', suspicion: null })
    expect(cores.core('n3').state).toMatchObject({ role: 'follower', suspicion: null })
  })

  test('a follower that is gone is nobody’s concern', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    gone(cores, 'n3', 'n1', 'n2')
    expect(cores.core('n2').state.suspicion).toBeNull()
    expect(cores.core('n1').state.suspicion).toBeNull()
  })
})

describe('W27: a leader whose disk answers nothing', () => {
  test('steps down after the longest election timeout, and another leads', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    cores.core('n1').isDiskHeld = true
    cores.propose('n1', 'x')
    cores.tick(30)
    expect(cores.leaders).toEqual(['n1'])
    cores.tick(1)
    expect(cores.leaders).toEqual([])
    cores.tickUntil(() => cores.leaders.length === 1)
    expect(cores.leaders).not.toEqual(['n1'])
    expect(cores.core(cores.leaders[0]!).applied).toContain('x')
  })

  test('stays while its disk is slow and answers, and while nothing waits for it', () => {
    const cores = new Cores('n1 n2 n3')
    cores.elect('n1')
    const n1 = cores.core('n1')
    n1.isDiskHeld = true
    cores.tick(40)
    for (const command of 'uvwxyz') {
      cores.propose('n1', command)
      cores.tick(20)
      const before = n1.unwritten
      cores.propose('n1', command)
      cores.persist('n1', before)
    }
    expect(cores.leaders).toEqual(['n1'])
    expect(n1.state.log.persistedIndex).toBeLessThan(n1.state.log.lastIndex)
  })

  test('stays if nobody else could lead', () => {
    const cores = new Cores('n1')
    cores.elect('n1')
    cores.core('n1').isDiskHeld = true
    cores.propose('n1', 'x')
    cores.tick(50)
    expect(cores.leaders).toEqual(['n1'])
  })
})
