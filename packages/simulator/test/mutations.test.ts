/** A tester that finds nothing proves nothing. `pnpm mutants` looks for every known bug; these are the quick ones. */
import { expect, test } from 'vitest'
import { bugs } from './mutations/bugs.js'
import { hunterOf } from './mutations/hunt.js'

const seedsMax = 40
const secondsMax = 120
const quick = [
  'a member votes for whoever asks last (double vote)',
  'a vote is not written down',
  'half of the voters are enough',
  'a leader counts itself before its own disk has answered',
  'a late message shortens the log',
  'durable is whatever was there when a sync came back (ABA)',
  'the journal is not synced',
  'lane two leaves before the records are durable',
  'commands are applied before they are durable here',
  'a command that comes again is applied again',
]

test.each(quick)(
  'it is found that %s',
  async (name) => {
    const known = bugs.find(({ bug }) => bug === name)
    expect(known, 'a bug of this name').toBeDefined()
    const { profile = 'any' } = known ?? {}
    const hunter = await hunterOf(known ?? null)
    const { violation } = await hunter.hunt({ profile, firstSeed: 1, seedsMax, secondsMax })
    hunter.close()
    expect(violation, `within ${seedsMax} seeds of ${profile}`).not.toBeNull()
  },
  300_000,
)

test('every known bug has a name of its own', () => {
  expect(new Set(bugs.map(({ bug }) => bug)).size).toBe(bugs.length)
  expect(bugs.length).toBeGreaterThanOrEqual(40)
})
