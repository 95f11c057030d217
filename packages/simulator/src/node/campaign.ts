import { fork } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Report } from '../simulate.js'
import type { Subject } from '../subject.js'
import { addTo, noTotals, type Totals } from './summary.js'
import { runSeed } from './worker.js'

/** A campaign as its file keeps it: everything below `nextSeed` is in the totals. */
export interface Campaign {
  readonly firstSeed: number
  nextSeed: number
  readonly totals: Totals
}

/** The campaign that a file keeps, or a new one from this seed on. */
export function openCampaign(path: string | null, firstSeed: number): Campaign {
  if (path !== null && existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Campaign
  return { firstSeed, nextSeed: firstSeed, totals: noTotals() }
}

/** Keeps it. The old file or the new one is there, never half of one. */
export function saveCampaign(path: string | null, campaign: Campaign): void {
  if (path === null) return
  writeFileSync(`${path}.tmp`, `${JSON.stringify(campaign)}\n`)
  renameSync(`${path}.tmp`, path)
}

/**
 * Runs so many seeds more, in several processes if asked, and takes each run in, in the order of seeds: what a campaign
 * comes to does not depend on which process was quicker. Stops at the first violation. `onRun` is told after each.
 */
export async function runCampaign(
  subject: Subject,
  campaign: Campaign,
  { runs, jobs }: { readonly runs: number; readonly jobs: number },
  onRun: (report: Report) => void,
): Promise<void> {
  const endSeed = campaign.nextSeed + runs
  const early = new Map<number, Report>()
  const take = (report: Report): boolean => {
    early.set(report.seed, report)
    for (;;) {
      const next = early.get(campaign.nextSeed)
      if (!next || campaign.totals.failures.length > 0) return campaign.totals.failures.length === 0
      early.delete(next.seed)
      campaign.nextSeed += 1
      addTo(campaign.totals, next)
      onRun(next)
    }
  }
  let seed = campaign.nextSeed
  const nextSeed = (): number | null => (seed < endSeed ? seed++ : null)
  if (jobs > 1) await Promise.all(Array.from({ length: jobs }, () => runInChild(nextSeed, take)))
  else {
    for (let each = nextSeed(); each !== null; each = nextSeed()) if (!take(await runSeed(subject, each))) return
  }
}

/** Another process of this very program, which is sent one seed after the other. */
function runInChild(nextSeed: () => number | null, take: (report: Report) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1] ?? '', ['--worker'])
    const next = (): void => {
      const seed = nextSeed()
      if (seed === null) child.disconnect()
      else child.send(seed)
    }
    child.on('message', (report: Report) => {
      if (take(report)) next()
      else child.disconnect()
    })
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a process of the campaign ended with ${code}`)),
    )
    next()
  })
}
