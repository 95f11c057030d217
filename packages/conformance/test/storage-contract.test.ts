import { storageContract } from '@quorate/conformance'
import { describe, expect, test } from 'vitest'
import { referenceStorage, type Sin } from './storage-reference.js'

describe('an honest storage keeps the contract', () => {
  storageContract({ test, factory: () => referenceStorage(null) })
})

interface Case {
  readonly claim: string
  readonly run: () => Promise<void>
}

function casesAgainst(sin: Sin | null, locks = true): Case[] {
  const cases: Case[] = []
  storageContract({
    test: (claim, run) => cases.push({ claim, run }),
    factory: async () => referenceStorage(sin),
    capabilities: { locks },
  })
  return cases
}

const sins: readonly (readonly [Sin, string])[] = [
  ['begins with an identity', 'a new place has no identity'],
  ['begins with a record', 'a new place has no identity'],
  ['forgets its identity', 'D15'],
  ['saves an identity once', 'D15'],
  ['leaves half an identity at close', 'the old one or the new one'],
  ['loses empty records', 'the empty one included'],
  ['reverses a batch', 'records replay in their order'],
  ['alters large records', 'records of several MiB'],
  ['repeats a record after reopening', 'many small records'],
  ['loses the last record', 'many small records'],
  ['reports no bytes', 'the report of a replay'],
  ['reports a cut', 'the report of a replay'],
  ['ends short appends first', 'overlapping appends end in the order'],
  ['takes a gap', 'first sequence is not the next'],
  ['takes a repetition', 'first sequence is not the next'],
  ['is broken by a wrong sequence', 'first sequence is not the next'],
  ['counts a batch as a record', 'a batch without records takes no sequence'],
  ['ignores the release of an empty batch', 'a batch without records takes no sequence'],
  ['keeps the arrays it is given', 'changes neither with the arrays'],
  ['hands out the arrays it keeps', 'changes neither with the arrays'],
  ['leaves half a batch at close', 'never there in part'],
  ['replays whole batches', 'exactly at the record that it names'],
  ['replays from behind the batch', 'exactly at the record that it names'],
  ['counts sequences from 1 at each replay', 'exactly at the record that it names'],
  ['forgets its release', 'exactly at the record that it names'],
  ['keeps its first release', 'the last of several releases'],
  ['takes the newest image for its snapshot', 'whatever image the last release does not name'],
  ['loses bytes of the protocol', 'in every field and byte'],
  ['loses the roles of members', 'in every field and byte'],
  ['loses its image at the second opening', 'in every field and byte'],
  ['keeps images below a release', 'deletes the images below it, and no other'],
  ['deletes images above a release', 'deletes the images below it, and no other'],
  ['keeps leftovers', 'whatever image the last release does not name'],
  ['deletes under a reader', 'readable to its end'],
  ['loses empty chunks and what follows', 'in whatever chunks'],
  ['loses what follows 2 MiB', 'in whatever chunks'],
  ['reads from the beginning', 'read from any offset'],
  ['pads a read', 'read from any offset'],
  ['counts another length', 'read from any offset'],
  ['digests the length', 'D7'],
  ['digests the position', 'D7'],
  ['digests the place', 'D7'],
  ['shows an image before it is committed', 'invisible until it is committed'],
  ['commits at close', 'invisible until it is committed'],
  ['commits at abort', 'an aborted image leaves nothing'],
  ['deletes by position at abort', 'an aborted image leaves nothing'],
  ['has one sink for a position', 'two images may be written at once'],
  ['has a pressure of its own', 'says what it survives'],
  ['survives something else', 'says what it survives'],
  ['fails when it is closed again', 'closing again does nothing'],
  ['lets a second user in', 'D25'],
  ['refuses a second user in other words', 'D25'],
  ['forgets the first user when a second comes', 'D25'],
  ['answers after close', 'called after close is refused'],
]

describe('the contract finds a storage that', () => {
  test.each(sins)('%s (%s)', async (sin, text) => {
    const named = casesAgainst(sin).filter(({ claim }) => claim.includes(text))
    expect(named).toHaveLength(1)
    for (const { run } of named) await expect(run()).rejects.toThrow()
  })
})

test('each claim was seen broken', () => {
  const unseen = casesAgainst(null).filter(({ claim }) => !sins.some(([, text]) => claim.includes(text)))
  expect(unseen.map(({ claim }) => claim)).toEqual([])
})

test('a storage that knows no users is not asked about them', () => {
  const asked = casesAgainst(null).map(({ claim }) => claim)
  const left = casesAgainst(null, false).map(({ claim }) => claim)
  expect(asked.filter((claim) => !left.includes(claim))).toEqual([
    expect.stringContaining('D25'),
    expect.stringContaining('after close'),
  ])
})
