import { Violation } from '../violation.js'
import { Explorer, stateWordsMax } from './explorer.js'
import { fingerprintOf, Fingerprints } from './fingerprints.js'
import { Frontier } from './frontier.js'
import type { Bounds, Explored } from './model.js'

/** What an exploration came to. */
export interface Exploration {
  /** Different states of the cluster, the first one included. */
  readonly states: number
  /** Steps between them that were tried. */
  readonly moves: number
  /** How many steps the last new state is away from the first. */
  readonly depth: number
  /** Different moments of single members, and different messages. */
  readonly moments: number
  readonly messages: number
  /** Nothing was left to try; false if `statesMax` ended it. */
  readonly isComplete: boolean
  /** What must never be, and the steps that lead there. */
  readonly violation: { readonly message: string; readonly steps: readonly string[] } | null
}

/** How an exploration is told of, and ended. */
export interface ExploreOptions {
  readonly statesMax?: number
  /** Is told now and then. */
  readonly onProgress?: (states: number, waiting: number, depth: number) => void
}

const statesBetweenWords = 1 << 17

/**
 * Visits every state that a cluster of bare cores can come to within the bounds, breadth first, and looks at each step
 * whether what must always hold still does. Messages arrive in any order; one that never arrives is one that was lost.
 */
export function explore<Message, Admin>(
  explored: Explored<Message, Admin>,
  bounds: Bounds,
  { statesMax = Infinity, onProgress }: ExploreOptions = {},
): Exploration {
  const explorer = new Explorer(explored, bounds)
  const seen = new Fingerprints()
  const frontier = new Frontier()
  const words = new Int32Array(stateWordsMax)
  const next = new Int32Array(stateWordsMax)
  const { first } = explorer
  seen.add(...fingerprintOf(first, first.length), 0)
  frontier.push(0, first, first.length)
  let [moves, depth, lastOfDepth] = [0, 0, 0]
  const report = (isComplete: boolean, violation: Exploration['violation']): Exploration => ({
    ...{ states: seen.size, moves, depth, isComplete, violation },
    ...{ moments: explorer.moments, messages: explorer.messages },
  })
  for (let state = frontier.take(words); state !== null; state = frontier.take(words)) {
    if (state.ordinal > lastOfDepth) {
      depth += 1
      lastOfDepth = seen.size - 1
    }
    for (const move of explorer.movesOf(words, state.length)) {
      moves += 1
      try {
        const length = explorer.apply(words, state.length, move, next)
        const ordinal = seen.add(...fingerprintOf(next, length), state.ordinal)
        if (ordinal >= 0) frontier.push(ordinal, next, length)
      } catch (error) {
        if (!(error instanceof Violation)) throw error
        const steps = [...stepsTo(explorer, seen, state.ordinal), explorer.describe(move)]
        return report(false, { message: error.message, steps })
      }
    }
    if (onProgress && state.ordinal % statesBetweenWords === 0) onProgress(seen.size, frontier.count, depth)
    if (seen.size >= statesMax) return report(frontier.count === 0, null)
  }
  return report(true, null)
}

/** The way to a state, found again from the fingerprints along it. */
function stepsTo<Message, Admin>(explorer: Explorer<Message, Admin>, seen: Fingerprints, ordinal: number): string[] {
  let [words, next] = [new Int32Array(stateWordsMax), new Int32Array(stateWordsMax)]
  words.set(explorer.first)
  let { length } = explorer.first
  return seen
    .pathTo(ordinal)
    .slice(1)
    .map((target) => {
      for (const move of explorer.movesOf(words, length)) {
        const reached = explorer.apply(words, length, move, next)
        if (!seen.is(target, ...fingerprintOf(next, reached))) continue
        const step = explorer.describe(move)
        ;[words, next] = [next, words]
        length = reached
        return step
      }
      throw new RangeError(`no step leads to state ${target}`)
    })
}
