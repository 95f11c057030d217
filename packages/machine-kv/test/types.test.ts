/* eslint-disable @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- calls that do not compile have no types */
import type { Calls, MachineModule } from '@quorate/contracts'
import { expect, expectTypeOf, test } from 'vitest'
import {
  kv,
  type Deleted,
  type Entry,
  type KeyEntry,
  type Page,
  type Put,
  type Stats,
  type VersionDiffers,
} from '../src/index.js'

interface Options {
  readonly timeoutMs?: number
}

type Commands = Calls<typeof kv.commands, Options>
type Queries = Calls<typeof kv.queries, Options>

test('what a client passes and gets is inferred end to end', () => {
  expectTypeOf(kv).toExtend<MachineModule>()
  expectTypeOf<Parameters<Commands['put']>[0]>().toEqualTypeOf<{
    key: string
    value: string | Uint8Array
    ifVersion?: number | undefined
  }>()
  expectTypeOf<ReturnType<Commands['put']>>().toEqualTypeOf<Promise<Put | VersionDiffers>>()
  expectTypeOf<Parameters<Commands['delete']>[0]>().toEqualTypeOf<{ key: string; ifVersion?: number | undefined }>()
  expectTypeOf<ReturnType<Commands['delete']>>().toEqualTypeOf<Promise<Deleted | VersionDiffers>>()
  expectTypeOf<ReturnType<Queries['get']>>().toEqualTypeOf<Promise<Entry | null>>()
  expectTypeOf<Parameters<Queries['range']>[0]>().toEqualTypeOf<{
    prefix?: string | undefined
    limit?: number | undefined
    after?: string | undefined
  }>()
  expectTypeOf<ReturnType<Queries['range']>>().toEqualTypeOf<Promise<Page<Entry>>>()
  expectTypeOf<ReturnType<Queries['keys']>>().toEqualTypeOf<Promise<Page<KeyEntry>>>()
  expectTypeOf<ReturnType<Queries['count']>>().toEqualTypeOf<Promise<number>>()
  expectTypeOf<Queries['stats']>().toEqualTypeOf<(options?: Options) => Promise<Stats>>()
})

test('a wrong call does not compile', () => {
  const wrong = (commands: Commands, queries: Queries, bytes: Uint8Array): unknown[] => [
    commands.put({ key: 'a', value: bytes }),
    // @ts-expect-error the value is missing
    commands.put({ key: 'a' }),
    // @ts-expect-error a number is no value
    commands.put({ key: 'a', value: 5 }),
    // @ts-expect-error there is no such key
    commands.put({ key: 'a', value: 'x', ttlMs: 5 }),
    // @ts-expect-error the input is missing
    commands.delete(),
    // @ts-expect-error there is no such command
    commands.increment({ key: 'a' }),
    // @ts-expect-error a query is no command
    commands.get({ key: 'a' }),
    // @ts-expect-error what was not done has no revision
    commands.put({ key: 'a', value: 'x' }).then((result) => result.revision),
    commands.put({ key: 'a', value: 'x' }).then((result) => (result.ok ? result.revision : result.version)),
    // @ts-expect-error there may be no such key
    queries.get({ key: 'a' }).then((entry) => entry.value),
    // @ts-expect-error a value may be bytes
    queries.get({ key: 'a' }).then((entry) => entry?.value.toUpperCase()),
    // @ts-expect-error keys come without values
    queries.keys({}).then(({ entries }) => entries[0]?.value),
    // @ts-expect-error a limit is a number
    queries.range({ limit: '5' }),
  ]
  expect(wrong).toBeTypeOf('function')
})
