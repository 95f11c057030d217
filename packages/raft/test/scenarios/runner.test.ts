import { nodeId } from '@quorate/contracts'
import { describe, expect, it } from 'vitest'
import { ClusterInvariants } from '../../src/testing/invariants.js'
import { runScenario, ScenarioError } from '../../src/testing/index.js'
import { Cores } from '../cores.js'

const story = `# A story.

cluster n1 n2 n3 seed=7

run until leader

propose n1 "a"
----
what was expected here is written anew

settle --quiet
`

function errorOf(text: string): string {
  try {
    runScenario(text, 'story.txt')
  } catch (error) {
    if (error instanceof ScenarioError) return error.message
    throw error
  }
  return 'no error'
}

describe('the runner', () => {
  it('writes what happened behind each command, and reads its own text to the same end', () => {
    const happened = runScenario(story)
    expect(happened).toContain('cluster n1 n2 n3 seed=7\n----\nok\n')
    expect(happened).not.toContain('what was expected')
    expect(runScenario(happened)).toBe(happened)
    expect(runScenario(happened.replaceAll('\n', '\r\n'))).toBe(happened)
  })

  it('gives the same dice to the same seed, and others to another', () => {
    const happened = runScenario(story)
    expect(runScenario(story)).toBe(happened)
    const others = ['8', '9', '10'].map((seed) => runScenario(story.replace('seed=7', `seed=${seed}`)))
    expect(others.some((other) => other.replace(/seed=\d+/, 'seed=7') !== happened)).toBe(true)
  })

  it('names the line of a misspelled command, and what is allowed', () => {
    const message = errorOf('cluster n1 n2 n3\n\nelct n1\n')
    expect(message).toMatch(/^story\.txt:3: "elct" is no command; there are:\n {2}cluster n1 n2 n3\?/)
    expect(message).toContain('  elect n1\n')
  })

  it.each([
    ['elect n1', 'story.txt:1: "elect" needs a cluster; begin with cluster n1 n2 n3?'],
    ['cluster', 'story.txt:1: a cluster needs members'],
    ['cluster n1 n1', 'a member is named twice'],
    ['cluster n/1', '"n/1" cannot name a member'],
    ['cluster n1 prevote=false', 'prevote'],
    ['cluster n1 heartbeatMs=fast', 'heartbeatMs'],
    ['cluster n1\n\nelect n9', 'story.txt:3: there is no member "n9"; there are n1 (usage: elect n1)'],
    ['cluster n1\n\nelect', 'a member is missing (usage: elect n1)'],
    ['cluster n1\n\ntick n1', 'a number is missing'],
    ['cluster n1\n\nrun until noon', '"until leader"'],
    ['cluster n1\n\nsettle now', '"now" is left over'],
    ['cluster n1 n2\n\ncut n1-n2', '"n1-n2" is no link; write n1→n2'],
    ['cluster n1 n2\n\ndeliver n1→n2', 'nothing is in flight on n1→n2'],
    ['cluster n1\n\npropose n1 x', 'x must stand in double quotes'],
    ['cluster n1\n\npropose n1 "ä"', 'is not ASCII'],
    ['cluster n1\n\nrestart n1', 'n1 is up; crash it first'],
    ['cluster n1\n\ncrash n1\n\nelect n1', 'n1 is down; restart it first'],
    ['cluster n1\nelect n1', 'story.txt:2: a step is one command and then ----'],
    ['----', 'there is no command above this ----'],
  ])('refuses %j', (text, message) => {
    expect(errorOf(text)).toContain(message)
  })
})

describe('the invariants', () => {
  const n1 = nodeId('n1')
  const n2 = nodeId('n2')
  const n3 = nodeId('n3')

  function problems(): { readonly found: string[]; readonly invariants: ClusterInvariants } {
    const found: string[] = []
    return { found, invariants: new ClusterInvariants((problem) => found.push(problem)) }
  }

  function led(by: string, ...commands: string[]): Cores {
    const cores = new Cores('n1 n2 n3')
    cores.elect(by)
    if (commands.length > 0) cores.propose(by, ...commands)
    return cores
  }

  it('find two leaders of one term', () => {
    const { found, invariants } = problems()
    invariants.check(n1, led('n1').core('n1').state, () => true)
    invariants.check(n2, led('n2').core('n2').state, () => true)
    expect(found).toEqual(['term 1 has two leaders, n1 and n2'])
  })

  it('find an entry that differs from another of the same name', () => {
    const { found, invariants } = problems()
    invariants.check(n2, led('n1', 'a').core('n2').state, () => true)
    invariants.check(n3, led('n1', 'b').core('n3').state, () => true)
    expect(found[0]).toBe('n3 holds 2@1 b behind 1@1, and others a behind 1@1')
  })

  it('find a committed entry that changes, and a leader without it', () => {
    const { found, invariants } = problems()
    invariants.check(n2, led('n1', 'a', 'b').core('n2').state, () => true)
    const other = led('n1')
    other.cut('n1', 'n2 n3')
    other.tickUntil(() => other.leaders.some((name) => name !== 'n1'))
    const leader = nodeId(other.leaders.find((name) => name !== 'n1') ?? '')
    invariants.check(leader, other.core(leader).state, () => true)
    expect(found).toContain(`${leader} commits 2@2, and others 2@1`)
    expect(found).toContain(`${leader} leads term 2 and lacks 3@1, which is committed`)
  })

  it('find an entry that is reported before a majority of disks has it', () => {
    const { found, invariants } = problems()
    invariants.check(n1, led('n1').core('n1').state, (holder) => holder === 'n1')
    expect(found).toEqual(['n1 commits 1@1, which is on the disks of no majority'])
  })

  it('find a second vote in a term, a stale read, and what is applied but not committed', () => {
    const { found, invariants } = problems()
    invariants.checkVote(n2, 5, n1)
    invariants.checkVote(n2, 5, n1)
    invariants.checkVote(n2, 6, n3)
    invariants.checkVote(n2, 5, n3)
    invariants.checkRead(n1, 'read 1', 3, 4)
    invariants.checkApplied(n1, 1, 'x')
    expect(found).toEqual([
      'n2 votes for n1 and for n3 in term 5',
      'n1 answers read 1 from 3, but 4 was committed before it',
      'n1 applies 1, which nobody committed',
    ])
  })

  it('find a command that is committed although its caller was told otherwise', () => {
    const { found, invariants } = problems()
    invariants.onProposed('a')
    invariants.onNotDone('a')
    invariants.check(n1, led('n1', 'a').core('n1').state, () => true)
    expect(found).toEqual(['"a" is committed at 2, and its caller was told that it was not done'])
  })
})
