import type { Client } from '@quorate/client'
import type { OutOfRange } from '@quorate/machine-counter'
import type { kv } from '@quorate/machine-kv'
import { expect, expectTypeOf, test } from 'vitest'
import { clientOf, deserted } from './fake-members.js'

test('calls are typed from the machine', async () => {
  const { commands, queries } = clientOf([await deserted()])
  expectTypeOf(commands.add).returns.resolves.toEqualTypeOf<number | OutOfRange>()
  expectTypeOf(queries.value).returns.resolves.toBeNumber()
  expectTypeOf<Client<typeof kv>['commands']['put']>().parameter(0).toExtend<{ key: string }>()
  expectTypeOf(commands).not.toHaveProperty('subtract')
  const wrong = (): unknown[] => [
    // @ts-expect-error -- the input is a number
    commands.add({ by: 'much' }),
    // @ts-expect-error -- the input is missing
    commands.add(),
    // @ts-expect-error -- a query without input takes options only
    queries.value({ by: 1 }),
    // @ts-expect-error -- commands have no consistency
    commands.add({ by: 1 }, { consistency: 'local' }),
    // @ts-expect-error -- there are two
    queries.value({ consistency: 'eventual' }),
  ]
  expect(wrong).toBeTypeOf('function')
})
