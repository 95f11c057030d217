import { clusterTime, position, seededRandom, type Calls, type MachineModule } from '@quorate/contracts'
import { expect, expectTypeOf, test } from 'vitest'
import { counter, type OutOfRange } from '../src/index.js'

const context = { position: position(1), clusterTime: clusterTime(0), wallMs: 0, random: seededRandom(1) }

test('it counts', async () => {
  const life = counter.create()
  const add = (by: number): number | OutOfRange =>
    counter.commands.add.decodeResult(life.apply(counter.commands.add.encode({ by }), context))
  expect(add(2)).toBe(2)
  expect(add(-5)).toBe(-3)
  const other = counter.create()
  await other.restore(life.snapshot(), 1)
  for (const each of [life, other]) {
    expect(counter.queries.value.decodeResult(each.query(counter.queries.value.encode()))).toBe(-3)
  }
})

test('D28: only whole numbers are added', () => {
  expect(() => counter.commands.add.encode({ by: 0.5 })).toThrow(/^the input of command "add" does not fit: at by: /)
})

test('a sum that would not be exact is refused, on every member alike, and changes nothing', async () => {
  const life = counter.create()
  const add = (by: number): number | OutOfRange =>
    counter.commands.add.decodeResult(life.apply(counter.commands.add.encode({ by }), context))
  for (const max of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    expect(add(max)).toBe(max)
    expect(add(Math.sign(max))).toEqual({ ok: false, value: max })
    expect(add(max)).toEqual({ ok: false, value: max })
    const restored = counter.create()
    await restored.restore(life.snapshot(), 1)
    expect(counter.queries.value.decodeResult(restored.query(counter.queries.value.encode()))).toBe(max)
    expect(add(-max)).toBe(0)
  }
  expect(() => counter.commands.add.encode({ by: 2 ** 53 })).toThrow(/does not fit/)
})

test('what a caller passes and gets is inferred', () => {
  type Commands = Calls<typeof counter.commands, object>
  type Queries = Calls<typeof counter.queries, object>
  expectTypeOf(counter).toExtend<MachineModule>()
  expectTypeOf<Commands['add']>().toEqualTypeOf<
    (input: { by: number }, options?: object) => Promise<number | OutOfRange>
  >()
  expectTypeOf<Queries['value']>().toEqualTypeOf<(options?: object) => Promise<number>>()
  const wrong = (commands: Commands): unknown[] => [
    // @ts-expect-error text cannot be added
    commands.add({ by: 'one' }),
    // @ts-expect-error the input is missing
    commands.add(),
  ]
  expect(wrong).toBeTypeOf('function')
})
