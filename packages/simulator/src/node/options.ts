import { parseArgs } from 'node:util'
import { isProfile, profileNames, type Profile } from '../plan/plan.js'
import type { Selection } from '../plan/select.js'
import { usualLimits } from '../plan/swarm.js'

/** What was asked for on the command line. */
export interface CommandOptions {
  readonly seed: number | null
  readonly runs: number
  readonly jobs: number
  /** How long faults may happen in each run, in milliseconds of virtual time. */
  readonly safetyMs: number
  /** What plans are drawn. */
  readonly profile: Profile
  readonly shrink: boolean
  /** Where every event of a single run goes, one line of JSON each. */
  readonly trace: string | null
  /** Where a long campaign is kept. */
  readonly campaign: string | null
  readonly selection: Selection
  readonly isWorker: boolean
}

/** How to call it. */
export const usage = `sim                        one run of a new seed
sim --seed N               that run again
sim --runs N [--jobs N]    N runs, of the seeds from --seed on
    --seconds N            how long faults may happen in each run, in virtual time; 8 if not told
    --profile NAME         only such plans: ${profileNames.join(', ')}
    --campaign FILE        goes on where the file says, and keeps what came of it there
    --shrink               when a run fails, reduces its faults and callers while it still fails
    --trace FILE           every event of a single run, one line of JSON each
    --keep 1,4,9           only these faults of the plan; --clients N, --at-once N: fewer callers`

/** Reads a command line. Throws a `TypeError` that says what is wrong. */
export function readOptions(args: readonly string[]): CommandOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      jobs: { type: 'string' },
      seconds: { type: 'string' },
      profile: { type: 'string' },
      shrink: { type: 'boolean' },
      trace: { type: 'string' },
      campaign: { type: 'string' },
      keep: { type: 'string' },
      clients: { type: 'string' },
      'at-once': { type: 'string' },
      worker: { type: 'boolean' },
    },
  })
  const number = (name: string, given: string | undefined): number | null => {
    if (given === undefined) return null
    if (!/^\d{1,15}$/.test(given)) throw new TypeError(`--${name} takes a whole number, not "${given}"`)
    return Number(given)
  }
  const clients = number('clients', values.clients)
  const atOnce = number('at-once', values['at-once'])
  return {
    seed: number('seed', values.seed),
    runs: number('runs', values.runs) ?? 1,
    jobs: number('jobs', values.jobs) ?? 1,
    safetyMs: (number('seconds', values.seconds) ?? usualLimits.safetyMs / 1_000) * 1_000,
    profile: profileOf(values.profile ?? 'any'),
    shrink: values.shrink ?? false,
    trace: values.trace ?? null,
    campaign: values.campaign ?? null,
    selection: {
      ...(values.keep === undefined ? {} : { keep: placesOf(values.keep) }),
      ...(clients === null ? {} : { clients }),
      ...(atOnce === null ? {} : { atOnce }),
    },
    isWorker: values.worker ?? false,
  }
}

function profileOf(name: string): Profile {
  if (isProfile(name)) return name
  throw new TypeError(`--profile takes one of ${profileNames.join(', ')}, not "${name}"`)
}

function placesOf(text: string): readonly number[] {
  if (text === 'none') return []
  return text.split(',').map((word) => {
    if (!/^\d{1,9}$/.test(word)) throw new TypeError(`--keep takes places of faults like 1,4,9, or none, not "${text}"`)
    return Number(word)
  })
}
