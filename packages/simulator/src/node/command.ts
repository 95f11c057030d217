import { closeSync, openSync, writeSync } from 'node:fs'
import { missingDays, runsForAll } from '../bad-days.js'
import { describeSelection, type Selection } from '../plan/select.js'
import { shrink } from '../plan/shrink.js'
import { drawPlan, usualLimits } from '../plan/swarm.js'
import type { Report } from '../simulate.js'
import type { Subject } from '../subject.js'
import type { TraceEvent } from '../trace.js'
import { openCampaign, runCampaign, saveCampaign, type Campaign } from './campaign.js'
import { readOptions, usage, type CommandOptions } from './options.js'
import { Progress } from './progress.js'
import { StatusLine } from './status-line.js'
import { addTo, describeTotals, noTotals, type Totals } from './summary.js'
import { runSeed, work, type Drawing } from './worker.js'

/** So many runs may pass before what a campaign has come to is kept in its file. */
const runsBetweenSaves = 50

/** Runs that a search for a smaller failure may take. */
const shrinkRunsMax = 300

/** What a program that simulates says. */
export type Say = (line: string) => void

/**
 * The simulator as a command: `args` are those of the command line. Returns the exit code. On failure the last line is the
 * one command that replays it, and nothing else: `replay` is how this program is called.
 */
export async function simulatorCommand(
  subject: Subject,
  args: readonly string[],
  { say, replay }: { readonly say: Say; readonly replay: string },
): Promise<number> {
  let options: CommandOptions
  let campaign: Campaign | null
  try {
    options = readOptions(args)
    const isSingle = options.runs === 1 && options.campaign === null
    campaign = isSingle ? null : openCampaign(options.campaign, options.seed ?? freshSeed(), options)
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 2
  }
  const { safetyMs, profile } = options
  if (options.isWorker) {
    await work(subject, { safetyMs, profile })
    return 0
  }
  const { totals, failed } = campaign ? await many(campaign, options, say) : await one(subject, options, say)
  if (failed === null) return isTame(totals, say) ? 1 : 0
  const { report, selection } = failed
  say('')
  say(`violation: ${report.violation}`)
  const left = options.shrink ? await smaller(subject, report, options, say) : selection
  const length = safetyMs === usualLimits.safetyMs ? '' : ` --seconds ${safetyMs / 1_000}`
  const kind = profile === 'any' ? '' : ` --profile ${profile}`
  say(`${replay} --seed ${report.seed}${length}${kind}${describeSelection(left)}`)
  return 1
}

/** How runs ended, together, and the first one that failed. */
interface Ended {
  readonly totals: Totals
  readonly failed: { readonly report: Report; readonly selection: Selection } | null
}

/** True if a campaign of this size should have seen bad days that it has not: it tries too little to prove anything. */
function isTame({ runs, counters }: Totals, say: Say): boolean {
  if (runs < runsForAll) return false
  const missing = missingDays(counters, runs)
  for (const { cases, counter } of missing)
    say(`too rarely seen in ${runs} runs: ${cases.join(', ')} (${counter.source})`)
  return missing.length > 0
}

/** The same failure with less in it: what is violated stays the same, whatever members and places it names. */
async function smaller(subject: Subject, report: Report, { safetyMs, profile }: Drawing, say: Say): Promise<Selection> {
  const { seed, violation } = report
  return shrink(drawPlan(seed, { ...usualLimits, safetyMs, profile }), {
    fails: async (selection) =>
      kindOf((await runSeed(subject, seed, { safetyMs, profile, selection })).violation) === kindOf(violation),
    runsMax: shrinkRunsMax,
    onSmaller: ({ keep, clients, atOnce }) => {
      say(`still fails with ${keep?.length ?? 0} faults, ${clients ?? 'all'} clients, ${atOnce ?? 'all'} at once`)
    },
  })
}

/** What a violation says without the members and numbers in it. */
function kindOf(violation: string | null): string | null {
  return violation?.replace(/n\d+(, n\d+)*/g, 'somebody').replace(/\d+/g, 'some') ?? null
}

async function one(subject: Subject, options: CommandOptions, say: Say): Promise<Ended> {
  const { safetyMs, profile, selection } = options
  const seed = options.seed ?? freshSeed()
  const plan = drawPlan(seed, { ...usualLimits, safetyMs, profile })
  say(`seed ${seed}: ${plan.cluster.ids.length} members of ${subject.name}, ${plan.faults.length} faults drawn`)
  const status = new StatusLine(plan.cluster.ids)
  const trace = options.trace === null ? null : openSync(options.trace, 'w')
  const onEvent = (event: TraceEvent): void => {
    if (trace !== null) writeSync(trace, `${JSON.stringify(event)}\n`)
    const line = status.lineOf(event)
    if (line !== null) say(line)
  }
  const report = await runSeed(subject, seed, { safetyMs, profile, selection, onEvent })
  if (trace !== null) closeSync(trace)
  const totals = noTotals()
  addTo(totals, report, 0)
  say(describeTotals(totals))
  say(`trace ${report.traceHash} of ${report.events} events`)
  return { totals, failed: report.violation === null ? null : { report, selection } }
}

async function many(campaign: Campaign, options: CommandOptions, say: Say): Promise<Ended> {
  say(`seeds from ${campaign.nextSeed}, ${options.runs} of them, ${options.jobs} at once`)
  const progress = new Progress(campaign.totals)
  const failures: Report[] = []
  await runCampaign(campaign, options, (report) => {
    if (report.violation !== null) failures.push(report)
    const line = progress.maybeLine()
    if (line !== null) say(line)
    if (campaign.totals.runs % runsBetweenSaves === 0) saveCampaign(options.campaign, campaign)
  })
  saveCampaign(options.campaign, campaign)
  say(describeTotals(campaign.totals))
  say(progress.line())
  const [report] = failures
  return { totals: campaign.totals, failed: report ? { report, selection: {} } : null }
}

/** Another one each time: this is the only place that throws real dice. */
function freshSeed(): number {
  return Math.floor(Math.random() * 1_000_000_000)
}
