import { seededRandom } from '@quorate/contracts'
import type { MemoryFaults } from '@quorate/transport-memory'
import { Dice } from './dice.js'
import { drawFaults } from './draw-faults.js'
import type { ClusterTraits, LoadTraits, Plan } from './plan.js'

/** What is fixed by whoever asks for a plan, and not drawn. */
export interface PlanLimits {
  /** How long faults may happen, in milliseconds of virtual time. */
  readonly safetyMs: number
  readonly livenessMs: number
}

export const usualLimits: PlanLimits = { safetyMs: 8_000, livenessMs: 10_000 }

/**
 * Draws everything that will be done to one cluster. Each seed leaves out much and overdoes the rest: a cluster on which
 * everything happens a little never gets deep into any one trouble ("swarm testing").
 */
export function drawPlan(seed: number, limits: PlanLimits = usualLimits): Plan {
  const dice = new Dice(seededRandom(`plan ${seed}`))
  const cluster = drawCluster(dice)
  const load = drawLoad(dice)
  const faults = drawFaults(dice, cluster.ids.length, limits.safetyMs)
  return { seed, cluster, load, ...limits, faults }
}

function drawCluster(dice: Dice): ClusterTraits {
  const size = dice.pick([3, 3, 3, 3, 3, 5, 5, 5, 5, 1, 2, 4, 7])
  return {
    ids: Array.from({ length: size }, (_, at) => `n${at + 1}`),
    network: drawNetwork(dice),
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
      sessionTimeoutMs: dice.pick([1_000, 300_000, 300_000]),
    },
  }
}

function drawNetwork(dice: Dice): MemoryFaults {
  const max = dice.pick([0, 2, 5, 20, 60, 150])
  return {
    latencyMs: { min: Math.floor(max / 4), max },
    loss: dice.percent(40) ? dice.between(1, 20) / 100 : 0,
    duplication: dice.percent(40) ? dice.between(1, 20) / 100 : 0,
    reordering: dice.percent(40) ? dice.between(1, 30) / 100 : 0,
  }
}

function drawLoad(dice: Dice): LoadTraits {
  const min = dice.pick([30, 100, 400])
  return {
    clients: dice.between(1, 5),
    atOnce: dice.between(1, 4),
    pauseMs: dice.pick([5, 20, 100]),
    timeoutMs: { min, max: min * dice.between(1, 4) },
    readsPercent: dice.pick([10, 30, 60]),
  }
}
