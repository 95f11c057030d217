import { assert } from '@quorate/contracts'

declare const brand: unique symbol
type Branded<Name extends string> = number & { readonly [brand]: Name }

/** A term: logical time, in which at most one leader is elected (§5.1). 0 before the first election. */
export type Term = Branded<'Term'>

/** Place of an entry in the log. The first is 1; 0 is before the log. */
export type LogIndex = Branded<'LogIndex'>

function counted<Name extends string>(name: Name): (value: number) => Branded<Name> {
  return (value) => {
    assert(
      Number.isSafeInteger(value) && value >= 0,
      () => `a ${name} is a whole number from 0 to 2^53-1, not ${value}`,
    )
    return value as Branded<Name>
  }
}

/** Brands a term. */
export const term = counted('Term')

/** Brands a log index. */
export const logIndex = counted('LogIndex')
