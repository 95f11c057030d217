import { machineContract, type MachineContractOptions } from '@quorate/conformance'
import { QuorateError } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { ReferenceMachine, say, type Sin } from './machine-reference.js'

const refusing = (code: 'INVALID_COMMAND' | 'INTERNAL') => () => {
  throw new QuorateError(code, 'it does not fit')
}

const said: Omit<MachineContractOptions, 'test' | 'factory'> = {
  commands: ['b:2', 'a:1', 'a', 'c:3', 'b:4', 'a:5'].map(say),
  queries: ['a', 'b', 'z'].map(say),
  equalHistories: [
    [['a:1', 'b:2'].map(say), ['b:2', 'a:1'].map(say)],
    [['a:1', 'b', 'a:2'].map(say), ['c:1', 'c', 'a:2'].map(say)],
  ],
  badInputs: [refusing('INVALID_COMMAND')],
}

describe('an honest machine keeps the contract', () => {
  machineContract({ ...said, test, factory: () => new ReferenceMachine(null) })
})

interface Case {
  readonly claim: string
  readonly run: () => Promise<void>
}

function casesAgainst(sin: Sin | null, changes: Partial<MachineContractOptions> = {}): Case[] {
  const cases: Case[] = []
  machineContract({
    ...said,
    test: (claim, run) => cases.push({ claim, run }),
    factory: () => new ReferenceMachine(sin),
    ...changes,
  })
  return cases
}

const sins: readonly (readonly [Sin, string])[] = [
  ['counts its lives', 'the same commands give the same results'],
  ['counts its lives in its state', 'the same commands give the same results'],
  ['has a deadline of its own', 'the same commands give the same results'],
  ['changes nothing', 'the same commands give the same results'],
  ['writes in commands', 'its bytes stay as they are'],
  ['writes in queries', 'a query changes nothing'],
  ['counts queries', 'a query changes nothing'],
  ['answers by what was asked before', 'a query changes nothing'],
  ['keeps the order of arrival', 'D13'],
  ['counts snapshots', 'writing a snapshot changes nothing'],
  ['forgets a counter in its snapshot', 'one that replayed everything'],
  ['forgets its deadline in its snapshot', 'one that replayed everything'],
  ['restores onto what it has', 'one that replayed everything'],
  ['takes the first chunk for the image', 'in whatever chunks'],
  ['ends at an empty chunk', 'in whatever chunks'],
  ['is read late', 'D29'],
  ['hands out the bytes that it changes', 'D29'],
  ['says that it holds when it is large', 'D29'],
  ['has one cursor for all snapshots', 'read at once'],
  ['keeps what it restored from in common', 'share nothing'],
  ['answers whatever is asked', 'no query'],
  ['refuses queries in other words', 'no query'],
  ['changes when it refuses a query', 'no query'],
  ['applies whatever comes', 'D26'],
  ['refuses commands in other words', 'D26'],
  ['changes when it refuses a command', 'D26'],
  ['keeps what has expired', 'D12'],
  ['drops by the ordinal of its life', 'D12'],
]

describe('the contract finds a machine that', () => {
  test.each(sins)('%s (%s)', async (sin, text) => {
    const named = casesAgainst(sin).filter(({ claim }) => claim.includes(text))
    expect(named).toHaveLength(1)
    for (const { run } of named) await expect(run()).rejects.toThrow()
  })

  test.each([
    ['takes any input', () => 'encoded'],
    ['refuses inputs in other words', refusing('INTERNAL')],
  ])('%s (D28)', async (_sin, encode) => {
    const named = casesAgainst(null, { badInputs: [encode] }).filter(({ claim }) => claim.includes('D28'))
    expect(named).toHaveLength(1)
    for (const { run } of named) await expect(run()).rejects.toThrow()
  })
})

test('each claim was seen broken', () => {
  const unseen = casesAgainst(null).filter(
    ({ claim }) => ![...sins, [null, 'D28']].some(([, text]) => claim.includes(text ?? '')),
  )
  expect(unseen.map(({ claim }) => claim)).toEqual([])
})

test('a machine is not asked about what it was given nothing for', () => {
  const asked = casesAgainst(null).map(({ claim }) => claim)
  const left = casesAgainst(null, { equalHistories: [], badInputs: [] }).map(({ claim }) => claim)
  expect(asked.filter((claim) => !left.includes(claim))).toEqual([
    expect.stringContaining('D13'),
    expect.stringContaining('D28'),
  ])
})
