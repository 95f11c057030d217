import sortedBTree from 'sorted-btree'
import { compareIds } from '@quorate/contracts'

/** The module is CommonJS: Node.js gives its exports, and tools that honour `__esModule` give its default export. */
const BTree = 'default' in sortedBTree ? sortedBTree.default : sortedBTree

/** A map in the order of its keys' code units. `clone()` takes no time: what both share is copied when one changes it. */
export type SortedMap<Value> = sortedBTree.default<string, Value>

/** An empty map. */
export function sortedMap<Value>(): SortedMap<Value> {
  return new BTree<string, Value>(undefined, compareIds)
}
