import { machineContract } from '@quorate/conformance'
import { test } from 'vitest'
import { counter } from '../src/index.js'

const add = (by: number): Uint8Array => counter.commands.add.encode({ by })

machineContract({
  test,
  factory: () => counter.create(),
  commands: [add(5), add(-7), add(0), add(1_000_000_000)],
  queries: [counter.queries.value.encode()],
  equalHistories: [
    [[add(1), add(2)], [add(3)]],
    [[add(4), add(-4)], []],
  ],
  badInputs: [() => counter.commands.add.encode({ by: 0.5 }), () => counter.commands.add.encode({ by: NaN })],
})
