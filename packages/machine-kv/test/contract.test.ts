import { machineContract } from '@quorate/conformance'
import { test } from 'vitest'
import { kv } from '../src/index.js'

const put = (key: string, value: string | Uint8Array, ifVersion?: number): Uint8Array =>
  kv.commands.put.encode({ key, value, ifVersion })
const remove = (key: string): Uint8Array => kv.commands.delete.encode({ key })
const large = new Uint8Array(100_000).fill(7)

machineContract({
  test,
  factory: () => kv.create(),
  commands: [
    put('b', 'text'),
    put('a', Uint8Array.of(0, 255)),
    put('large', large),
    put('b', 'changed', 1),
    put('b', 'refused', 1),
    remove('a'),
    remove('missing'),
    put('a/1', ''),
    put('a/2', 'ä€😀'),
  ],
  queries: [
    kv.queries.get.encode({ key: 'b' }),
    kv.queries.get.encode({ key: 'missing' }),
    kv.queries.range.encode({ prefix: 'a' }),
    kv.queries.keys.encode({}),
    kv.queries.count.encode({}),
    kv.queries.stats.encode(),
  ],
  // Entries remember their revisions, so equal states have as many changes behind them.
  equalHistories: [
    [
      [put('once', 'x'), remove('once'), put('a', '1')],
      [put('twice', 'y'), remove('twice'), put('a', '1')],
    ],
    [
      [put('z', '1'), put('y', '2'), remove('z'), remove('y'), put('a', large)],
      [put('y', '1'), remove('y'), put('z', '2'), remove('z'), put('a', large)],
    ],
  ],
  badInputs: [() => kv.commands.put.encode({ key: '', value: 'x' }), () => kv.queries.range.encode({ limit: -1 })],
})
