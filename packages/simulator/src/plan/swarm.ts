import { seededRandom } from '@quorate/contracts'
import type { MemoryFaults } from '@quorate/transport-memory'
import { Dice } from './dice.js'
import { drawFaults } from './draw-faults.js'
import { longSessionMs, type ClusterTraits, type LoadTraits, type Plan, type Theme } from './plan.js'

/** What is fixed by whoever asks for a plan, and not drawn. */
export interface PlanLimits {
  /** How long faults may happen, in milliseconds of virtual time. */
  readonly safetyMs: number
  readonly livenessMs: number
}

export const usualLimits: PlanLimits = { safetyMs: 8_000, livenessMs: 10_000 }

/** In so many of a hundred runs callers ask with the product's client: what it says in JSON costs time. */
const clientsPercent = 18

/**
 * Draws everything that will be done to one cluster. Each seed leaves out much and overdoes the rest: a cluster on which
 * everything happens a little never gets deep into any one trouble ("swarm testing").
 */
export function drawPlan(seed: number, limits: PlanLimits = usualLimits): Plan {
  const dice = new Dice(seededRandom(`plan ${seed}`))
  const theme = dice.percent(50) ? dice.pick(['churn', 'churn', 'lag', 'power', 'delay'] as const) : null
  const cluster = drawCluster(dice, theme)
  const load = drawLoad(dice)
  const faults = drawFaults(dice, theme, cluster.ids.length, limits.safetyMs)
  const callers = dice.percent(clientsPercent) ? 'client' : 'direct'
  return { seed, theme, cluster, load: { ...load, callers }, ...limits, faults }
}

function drawCluster(dice: Dice, theme: Theme | null): ClusterTraits {
  const size = theme === 'churn' ? dice.pick([3, 4, 5, 5, 5]) : dice.pick([3, 3, 3, 3, 5, 5, 5, 1, 2, 4, 7])
  return {
    ids: Array.from({ length: size }, (_, at) => `n${at + 1}`),
    network: drawNetwork(dice, theme),
    disk: {
      syncMs: dice.pick([
        { min: 0, max: 2 },
        { min: 1, max: 12 },
        { min: 5, max: 60 },
      ]),
      keeps: dice.pick(['nothing', 'some']),
    },
    storage: { segmentBytes: dice.pick([4, 16, 64]) * 1024, markAfterMs: dice.pick([20, 100]) },
    replica: {
      snapshotEveryEntries: dice.pick([20, 60, 200, 10_000]),
      sessionTimeoutMs: dice.pick([150, 1_000, longSessionMs, longSessionMs]),
    },
  }
}

/** Where leaders come and go the network is quick, so that many of them do. */
function drawNetwork(dice: Dice, theme: Theme | null): MemoryFaults {
  const max = theme === 'churn' ? dice.pick([1, 5, 20]) : dice.pick([0, 2, 5, 20, 60, 150])
  return {
    latencyMs: { min: Math.floor(max / 4), max },
    loss: dice.percent(40) ? dice.between(1, 20) / 100 : 0,
    duplication: dice.percent(40) ? dice.between(1, 20) / 100 : 0,
    reordering: dice.percent(40) ? dice.between(1, 30) / 100 : 0,
  }
}

function drawLoad(dice: Dice): Omit<LoadTraits, 'callers'> {
  const min = dice.pick([30, 100, 400])
  return {
    clients: dice.between(1, 5),
    atOnce: dice.between(1, 4),
    pauseMs: dice.pick([5, 20, 100, 300]),
    timeoutMs: { min, max: min * dice.between(1, 4) },
    readsPercent: dice.pick([10, 30, 60]),
  }
}
