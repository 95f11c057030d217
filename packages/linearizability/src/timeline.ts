import type { Counterexample } from './counterexample.js'
import { describeCounterexample } from './describe.js'

/** How a timeline is shown. */
export interface TimelineOptions {
  /** Stands above it; the name of the history, say. */
  readonly title?: string
}

/** A counterexample as one page of HTML that needs nothing else. */
export function renderTimeline(
  counterexample: Counterexample<unknown, unknown>,
  options: TimelineOptions = {},
): string {
  return `<!doctype html><title>${options.title ?? ''}</title><pre>${describeCounterexample(counterexample)}</pre>`
}
