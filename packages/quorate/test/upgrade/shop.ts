import { defineMachine } from '@quorate/machine'
import { z } from 'zod'

/** What a shop has sold. `gifts` and `soldBefore` belong to version 2: its migration makes them. */
export interface Shop {
  readonly sold: number[]
  readonly gifts?: number[]
  readonly soldBefore?: number
}

const common = { name: 'shop', initial: (): Shop => ({ sold: [] }) }
const sell = { input: z.int(), apply: (state: Shop, order: number) => state.sold.push(order) }
const queries = { all: { read: (state: Shop) => state } }

/** The shop as it was deployed first. */
export const firstShop = defineMachine({ ...common, version: 1, commands: { sell }, queries })

/** The shop of the next release: it gives, too, and knows how much was sold before it did. */
export const secondShop = defineMachine({
  ...common,
  version: 2,
  commands: {
    sell,
    give: { since: 2, input: z.int(), apply: (state: Shop, order: number) => state.gifts?.push(order) ?? null },
  },
  queries,
  migrate: (state): Shop => ({ ...state, gifts: [], soldBefore: state.sold.length }),
})
