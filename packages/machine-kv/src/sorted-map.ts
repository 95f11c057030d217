import sortedBTree from 'sorted-btree'
import { compareIds } from '@quorate/contracts'

/** The module is CommonJS: Node.js gives its exports, and tools that honour `__esModule` give its default export. */
const BTree = 'default' in sortedBTree ? sortedBTree.default : sortedBTree

/**
 * A map in the order of its keys' code units. `clone()` takes no time: what both share is copied when one changes it.
 *
 * Named here in full: the library's own type has another name under each of TypeScript's module settings.
 */
export interface SortedMap<Value> {
  readonly size: number
  get(key: string): Value | undefined
  /** True if there was none under this key before. */
  set(key: string, value: Value): boolean
  /** False if there was none. */
  delete(key: string): boolean
  /** From the first key that is not below `lowest` on. */
  entries(lowest?: string): IterableIterator<[string, Value]>
  keys(lowest?: string): IterableIterator<string>
  clone(): SortedMap<Value>
}

/** An empty map. */
export function sortedMap<Value>(): SortedMap<Value> {
  return new BTree<string, Value>(undefined, compareIds)
}
