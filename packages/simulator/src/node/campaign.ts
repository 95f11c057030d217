import { fork } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Profile } from '../plan/plan.js'
import type { Report } from '../simulate.js'
import { addTo, noTotals, type Totals } from './summary.js'
import type { Drawing, Worked } from './worker.js'

/**
 * A process that runs one seed after the other makes much that is soon forgotten: with more room for it the collector comes
 * less often. Nobody reads where an error came from there, only what it says.
 */
const workerFlags = ['--max-semi-space-size=64', '--stack-trace-limit=0']

/** A campaign as its file keeps it: everything below `nextSeed` is in the totals. */
export interface Campaign {
  readonly firstSeed: number
  /** How long faults may happen in each run, in milliseconds of virtual time. */
  readonly safetyMs: number
  /** What plans are drawn. */
  readonly profile: Profile
  nextSeed: number
  readonly totals: Totals
}

/** The campaign that a file keeps, or a new one. Throws a `TypeError` if the file keeps one of other plans. */
export function openCampaign(path: string | null, firstSeed: number, { safetyMs, profile }: Drawing): Campaign {
  if (path === null || !existsSync(path)) {
    return { firstSeed, safetyMs, profile, nextSeed: firstSeed, totals: noTotals() }
  }
  const campaign = { profile: 'any', ...(JSON.parse(readFileSync(path, 'utf8')) as object) } as Campaign
  if (campaign.safetyMs === safetyMs && campaign.profile === profile) return campaign
  const length = campaign.safetyMs / 1_000
  throw new TypeError(
    `${path} keeps a campaign of runs of ${length} seconds and of the profile ${campaign.profile}: ` +
      `give --seconds ${length} --profile ${campaign.profile}, or another file`,
  )
}

/** Keeps it. The old file or the new one is there, never half of one. */
export function saveCampaign(path: string | null, campaign: Campaign): void {
  if (path === null) return
  writeFileSync(`${path}.tmp`, `${JSON.stringify(campaign)}\n`)
  renameSync(`${path}.tmp`, path)
}

/**
 * Runs so many seeds more in processes of their own, and takes each run in, in the order of seeds: what a campaign comes to
 * does not depend on which process was quicker. Stops at the first violation. `onRun` is told after each.
 */
export async function runCampaign(
  campaign: Campaign,
  { runs, jobs }: { readonly runs: number; readonly jobs: number },
  onRun: (report: Report) => void,
): Promise<void> {
  const endSeed = campaign.nextSeed + runs
  const early = new Map<number, Worked>()
  const take = (worked: Worked): boolean => {
    early.set(worked.report.seed, worked)
    for (;;) {
      const next = early.get(campaign.nextSeed)
      if (!next || campaign.totals.failures.length > 0) return campaign.totals.failures.length === 0
      early.delete(next.report.seed)
      campaign.nextSeed += 1
      addTo(campaign.totals, next.report, next.cpuMs)
      onRun(next.report)
    }
  }
  let seed = campaign.nextSeed
  const nextSeed = (): number | null => (seed < endSeed ? seed++ : null)
  const args = ['--worker', '--seconds', String(campaign.safetyMs / 1_000), '--profile', campaign.profile]
  await Promise.all(Array.from({ length: jobs }, () => runInChild(args, nextSeed, take)))
}

/** Another process of this very program, which is sent one seed after the other. */
function runInChild(
  args: readonly string[],
  nextSeed: () => number | null,
  take: (worked: Worked) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1] ?? '', args, { execArgv: [...process.execArgv, ...workerFlags] })
    const next = (): void => {
      const seed = nextSeed()
      if (seed === null) child.disconnect()
      else child.send(seed)
    }
    child.on('message', (worked: Worked) => {
      if (take(worked)) next()
      else child.disconnect()
    })
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a process of the campaign ended with ${code}`)),
    )
    next()
  })
}
