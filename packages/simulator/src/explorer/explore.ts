import { Violation } from '../violation.js'
import { Explorer, stateWordsMax } from './explorer.js'
import { Fingerprints } from './fingerprints.js'
import { Frontier } from './frontier.js'
import type { Bounds, Explored } from './model.js'
import { proveOutlooks, type OutlookProof } from './outlook-proof.js'

/** What an exploration came to. */
export interface Exploration {
  /** Different states of the cluster, the first one included. States that differ in the names of members only are one. */
  readonly states: number
  /** The same, with names. */
  readonly named: number
  /** Steps between them that were tried. */
  readonly moves: number
  /** How many steps the last new state is away from the first. */
  readonly depth: number
  /** Different moments of single members, and different messages. */
  readonly moments: number
  readonly messages: number
  /** Nothing was left to try; false if `statesMax` ended it. */
  readonly isComplete: boolean
  /** What was looked at to prove that nothing was left out wrongly; null if it did not come that far. */
  readonly proof: OutlookProof | null
  /** What must never be, and the steps that lead there. */
  readonly violation: { readonly message: string; readonly steps: readonly string[] } | null
}

/** How an exploration is told of, and ended. */
export interface ExploreOptions {
  readonly statesMax?: number
  /** False: states that differ in names only are visited each. For tests of that reduction. */
  readonly isSymmetric?: boolean
  /** Is told now and then. */
  readonly onProgress?: (states: number, waiting: number, depth: number) => void
}

const statesBetweenWords = 1 << 20

/**
 * Visits every state that a cluster of bare cores can come to within the bounds, breadth first, and looks at each step
 * whether what must always hold still does. Messages arrive in any order; one that never arrives is one that was lost. In
 * the end it is proved that what was left out as vain was (see `proveOutlooks`). Throws a `RangeError` if it was not.
 */
export function explore<Message, Admin>(
  explored: Explored<Message, Admin>,
  bounds: Bounds,
  { statesMax = Infinity, isSymmetric = true, onProgress }: ExploreOptions = {},
): Exploration {
  const explorer = new Explorer(explored, bounds, isSymmetric)
  const seen = new Fingerprints()
  const frontier = new Frontier()
  const words = new Int32Array(stateWordsMax)
  const next = new Int32Array(stateWordsMax)
  const { first, catalogue } = explorer
  seen.add(explorer.low, explorer.high, 0)
  frontier.push(0, first, first.length)
  let [moves, depth, lastOfDepth, named] = [0, 0, 0, 1]
  const report = (isComplete: boolean, violation: Exploration['violation']): Exploration => ({
    ...{ states: seen.size, named, moves, depth, isComplete, violation, proof: null },
    ...{ moments: catalogue.moments, messages: catalogue.messages },
  })
  for (let state = frontier.take(words); state !== null; state = frontier.take(words)) {
    if (state.ordinal > lastOfDepth) {
      depth += 1
      lastOfDepth = seen.size - 1
    }
    explorer.load(words, state.length)
    try {
      for (const move of explorer.moves()) {
        moves += 1
        if (!explorer.try(move)) continue
        const ordinal = seen.add(explorer.low, explorer.high, state.ordinal)
        if (ordinal < 0) continue
        explorer.check()
        named += explorer.alike()
        frontier.push(ordinal, next, explorer.write(next))
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      return report(false, { message: error.message, steps: stepsTo(explorer, seen, state.ordinal) })
    }
    if (onProgress && state.ordinal % statesBetweenWords === 0) onProgress(seen.size, frontier.count, depth)
    if (seen.size >= statesMax) return report(frontier.count === 0, null)
  }
  const result = report(true, null)
  return { ...result, proof: proveOutlooks(catalogue) }
}

/** The way to a state and to what is wrong in a step behind it, found again from what is remembered of the states before. */
function stepsTo<Message, Admin>(explorer: Explorer<Message, Admin>, seen: Fingerprints, ordinal: number): string[] {
  let [words, next] = [new Int32Array(stateWordsMax), new Int32Array(stateWordsMax)]
  words.set(explorer.first)
  let { length } = explorer.first
  const steps: string[] = []
  for (const target of [...seen.pathTo(ordinal).slice(1), null]) {
    explorer.load(words, length)
    const move = explorer.moves().find((each) => leadsTo(explorer, seen, each, target))
    if (move === undefined) throw new RangeError(`no step leads to state ${target}`)
    steps.push(explorer.describe(move))
    length = explorer.write(next)
    ;[words, next] = [next, words]
  }
  return steps
}

/** Without a target: to something wrong. */
function leadsTo<Message, Admin>(
  explorer: Explorer<Message, Admin>,
  seen: Fingerprints,
  move: number,
  target: number | null,
): boolean {
  try {
    if (!explorer.try(move)) return false
    if (target !== null) return seen.is(target, explorer.low, explorer.high)
    explorer.check()
    return false
  } catch (error) {
    if (error instanceof Violation) return target === null
    throw error
  }
}
