import { judgeHistory, sequentialModel, type Operation } from '@quorate/linearizability'
import { chained } from '../book/chain.js'
import type { History } from '../book/history.js'

/** Search that one page may cost: what comes to no end is left to the check that knows every place. */
const stepsMax = 200_000

interface Page {
  readonly length: number
  readonly chain: number
}

/** What is asked of a page, without the place that only the cluster knows. */
type Input =
  | { readonly kind: 'append'; readonly page: number; readonly entry: number }
  | { readonly kind: 'glance'; readonly page: number }

/** A page of a book, for whoever takes one operation after the other. */
const pageModel = sequentialModel<Page, Input, Page | number>({
  name: 'page',
  initial: { length: 0, chain: 0 },
  key: ({ length, chain }) => `${length} ${chain}`,
  apply(page, input) {
    if (input.kind === 'glance') return { state: page, output: page }
    const state = { length: page.length + 1, chain: chained(page.chain, input.entry) }
    return { state, output: state.length }
  },
  isReadOnly: ({ kind }) => kind === 'glance',
  partition: ({ page }) => String(page),
})

/**
 * The opinion of somebody who sees what callers saw and nothing else: is there any order at all that explains it?
 * `unknown` if the search was too long.
 */
export function judgeAsBlackBox(history: History): 'linearizable' | 'notLinearizable' | 'unknown' {
  const appends = history.appends
    .filter(({ isRefused }) => !isRefused)
    .map(({ page, entry, asked, answered, place }): Operation<Input, Page | number> => ({
      process: `append ${entry}`,
      input: { kind: 'append', page, entry },
      outcome: place === null ? { kind: 'unknown' } : { kind: 'done', output: place },
      invokedAt: asked,
      returnedAt: place === null ? null : answered,
    }))
  const glances = history.glances
    .filter(({ consistency }) => consistency === 'linearizable')
    .map(({ page, asked, answered, length, chain }): Operation<Input, Page | number> => ({
      process: `glance ${asked}`,
      input: { kind: 'glance', page },
      outcome: { kind: 'done', output: { length, chain } },
      invokedAt: asked,
      returnedAt: answered,
    }))
  return judgeHistory([...appends, ...glances], pageModel, { stepsMax }).verdict
}
