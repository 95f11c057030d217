/** A tester that finds nothing proves nothing. `pnpm mutants` looks for every known bug; these are the quick ones. */
import { expect, test } from 'vitest'
import { patched } from '../../../tools/source-patch.js'
import { bugs } from './mutations/bugs.js'
import { hunterOf } from './mutations/hunt.js'

const seedsMax = 40
const secondsMax = 120
const quick = [
  'a member votes for whoever asks last (double vote)',
  'entries of earlier terms are committed by counting (Figure 8)',
  'entries of an earlier leader are taken',
  'a leader counts itself before its own disk has answered',
  'a late message shortens the log',
  'a late answer to an earlier round confirms a later read',
  'a snapshot is reported before it is saved',
  'the journal is not synced',
  'lane two leaves before the records are durable',
  'a command that comes again is applied again',
]

test.for(quick)('it is found that %s', { timeout: 300_000 }, async (name, { annotate }) => {
  const known = bugs.find(({ bug }) => bug === name)
  expect(known, 'a bug of this name').toBeDefined()
  const { profile = 'any' } = known ?? {}
  const hunter = await hunterOf(known ?? null)
  const { violation, seeds } = await hunter.hunt({ profile, firstSeed: 1, seedsMax, secondsMax })
  hunter.close()
  await annotate(`${seeds} seeds of ${profile}: ${violation ?? 'not found'}`)
  expect(violation, `within ${seedsMax} seeds of ${profile}`).not.toBeNull()
})

test('every known bug has a name of its own, and fits our source', () => {
  expect(new Set(bugs.map(({ bug }) => bug)).size).toBe(bugs.length)
  expect(bugs.length).toBeGreaterThanOrEqual(40)
  for (const known of bugs) {
    const changes = 'also' in known ? [known, { bug: known.bug, ...known.also }] : [known]
    for (const change of changes) expect(patched(change)).toContain(change.by)
  }
})
