import { seededRandom } from '@quorate/contracts'
import type { MemoryFaults } from '@quorate/transport-memory'
import { Dice } from './dice.js'
import { drawFaults } from './draw-faults.js'
import type { Fault } from './fault.js'
import type { ClusterTraits, LoadTraits, Plan, Profile, StagedTheme, Theme } from './plan.js'
import { stagedFaults } from './staged-faults.js'
import { themes, usualRanges, type Bytes, type Ranges } from './themes.js'

/** What is fixed by whoever asks for a plan, and not drawn. */
export interface PlanLimits {
  /** How long faults may happen, in milliseconds of virtual time. */
  readonly safetyMs: number
  readonly livenessMs: number
  /** What plan it has to be. Default: any. */
  readonly profile?: Profile
  /** Staged themes that are not drawn. Default: none. */
  readonly except?: readonly StagedTheme[]
}

export const usualLimits: PlanLimits = { safetyMs: 8_000, livenessMs: 10_000 }

/** So many of a hundred runs have a theme whose faults are staged. */
const stagedPercent: Readonly<Record<StagedTheme, number>> = { upgrades: 8, copies: 4, replaced: 6, idle: 4 }

/**
 * Draws everything that will be done to one cluster. Each seed leaves out much and overdoes the rest: a cluster on which
 * everything happens a little never gets deep into any one trouble ("swarm testing").
 */
export function drawPlan(seed: number, limits: PlanLimits = usualLimits): Plan {
  const { safetyMs, livenessMs, profile = 'any', except = [] } = limits
  const dice = new Dice(seededRandom(`plan ${seed}`))
  const drawn = drawTheme(dice, profile)
  // Named after the first staged theme: under another name all seeds would get other plans.
  const stage = new Dice(seededRandom(`upgrades ${seed}`))
  const stagedTheme = drawStaged(stage, profile)
  const staged = stagedTheme && !except.includes(stagedTheme) ? stagedTheme : null
  const theme = staged ?? drawn
  const ranges = theme === null ? usualRanges : { ...usualRanges, ...themes[theme].ranges }
  const cluster = drawCluster(dice, ranges)
  const load = drawLoad(dice, ranges)
  const troubles = drawFaults(dice, theme, cluster.ids.length, safetyMs)
  const steps = staged && stagedFaults[staged](stage, cluster.ids.length, safetyMs)
  const faults = steps ? inOrder([...(steps.isQuiet ? [] : troubles), ...steps.faults]) : troubles
  const isClient = dice.percent(ranges.clientsPercent) || profile === 'client'
  const callers = isClient ? 'client' : drawCallers(dice, ranges)
  const { commandBytes, answerBytes, keptAnswers, ...limitsOfMembers } = dice.pick(ranges.bytes)
  const snapshots = dice.percent(50) ? 'held' : 'copied'
  return {
    ...{ seed, theme, safetyMs, livenessMs, faults },
    cluster: { ...cluster, replica: { ...cluster.replica, ...limitsOfMembers }, snapshots },
    load: { ...load, callers, commandBytes, answerBytes, keptAnswers },
  }
}

/** What is drawn behind the faults. */
type DrawnLater = 'callers' | keyof Bytes

interface DrawnCluster extends Omit<ClusterTraits, 'snapshots' | 'replica'> {
  readonly replica: Pick<ClusterTraits['replica'], 'snapshotEveryEntries' | 'sessionTimeoutMs'>
}

function inOrder(faults: readonly Fault[]): readonly Fault[] {
  return [...faults].sort((left, right) => left.atMs - right.atMs)
}

function drawStaged(stage: Dice, profile: Profile): StagedTheme | null {
  if (profile !== 'any') return isStaged(profile) ? profile : null
  let thrown = stage.random.nextInt(100)
  for (const [theme, percent] of Object.entries(stagedPercent)) {
    thrown -= percent
    if (thrown < 0 && isStaged(theme)) return theme
  }
  return null
}

function isStaged(name: string): name is StagedTheme {
  return Object.hasOwn(stagedPercent, name)
}

/** Half of all plans have a theme. */
function drawTheme(dice: Dice, profile: Profile): Theme | null {
  const drawn = dice.percent(50)
    ? dice.pick(['churn', 'hermits', 'lag', 'images', 'power', 'delay', 'doubt', 'sizes'] as const)
    : null
  if (profile === 'any' || profile === 'client') return drawn
  return profile === 'mixture' ? null : profile
}

function drawCallers(dice: Dice, { membersCallersPercent }: Ranges): 'direct' | 'member' {
  return dice.percent(membersCallersPercent) ? 'member' : 'direct'
}

function drawCluster(dice: Dice, ranges: Ranges): DrawnCluster {
  return {
    ids: Array.from({ length: dice.pick(ranges.sizes) }, (_, at) => `n${at + 1}`),
    network: drawNetwork(dice, ranges),
    disk: {
      syncMs: dice.pick(ranges.syncMs),
      keeps: dice.pick(['nothing', 'some']),
    },
    storage: { segmentBytes: dice.pick([4, 16, 64]) * 1024, markAfterMs: dice.pick([20, 100]) },
    replica: {
      snapshotEveryEntries: dice.pick(ranges.snapshotEveryEntries),
      sessionTimeoutMs: dice.pick(ranges.sessionTimeoutMs),
    },
  }
}

function drawNetwork(dice: Dice, { latencyMaxMs, badNetworkPercent }: Ranges): MemoryFaults {
  const max = dice.pick(latencyMaxMs)
  return {
    latencyMs: { min: Math.floor(max / 4), max },
    loss: dice.percent(badNetworkPercent) ? dice.between(1, 20) / 100 : 0,
    duplication: dice.percent(badNetworkPercent) ? dice.between(1, 20) / 100 : 0,
    reordering: dice.percent(badNetworkPercent) ? dice.between(1, 30) / 100 : 0,
  }
}

function drawLoad(
  dice: Dice,
  { clientsMax, pauseMs, readsPercent, patience, timeoutMsMin }: Ranges,
): Omit<LoadTraits, DrawnLater> {
  const min = dice.pick(timeoutMsMin)
  return {
    clients: dice.between(1, clientsMax),
    atOnce: dice.between(1, 4),
    pauseMs: dice.pick(pauseMs),
    timeoutMs: { min, max: min * dice.between(1, 4) },
    readsPercent: dice.pick(readsPercent),
    patience: dice.pick(patience),
  }
}
