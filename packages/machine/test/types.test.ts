/* eslint-disable @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- calls that do not compile have no types */
import type { Calls, MachineModule } from '@quorate/contracts'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineMachine, type CommandContext } from '../src/index.js'

interface Options {
  readonly timeoutMs?: number
}

type Written = { readonly ok: true; readonly size: number } | { readonly ok: false }

// The example of the front page, word by word.
const counter = defineMachine({
  name: 'counter',
  version: 1,
  initial: () => ({ value: 0 }),
  commands: {
    add: { input: z.object({ by: z.int() }), apply: (state, { by }) => (state.value += by) },
  },
  queries: {
    value: { read: (state) => state.value },
  },
})

const notes = defineMachine({
  name: 'notes',
  version: 1,
  initial: () => ({ texts: new Map<string, { text: string; at: number }>() }),
  commands: {
    write: {
      input: z.object({ name: z.string(), text: z.string().default('empty') }),
      apply: (state, { name, text }, context): Written => {
        expectTypeOf(text).toEqualTypeOf<string>()
        expectTypeOf(context).toEqualTypeOf<CommandContext>()
        state.texts.set(name, { text, at: context.position })
        return state.texts.size > 1 ? { ok: true, size: state.texts.size } : { ok: false }
      },
    },
    clear: { apply: (state) => state.texts.clear() },
    length: { input: z.string().transform((text) => text.length), apply: (_state, length) => length },
  },
  queries: {
    read: { input: z.string(), read: (state, name) => state.texts.get(name) ?? null },
    size: { read: ({ texts }) => texts.size },
  },
})

type CounterCommands = Calls<typeof counter.commands, Options>
type Commands = Calls<typeof notes.commands, Options>
type Queries = Calls<typeof notes.queries, Options>

test('what a caller passes and gets is inferred from the definition', () => {
  expectTypeOf<CounterCommands['add']>().toEqualTypeOf<(input: { by: number }, options?: Options) => Promise<number>>()
  expectTypeOf<Parameters<Commands['write']>[0]>().toEqualTypeOf<{ name: string; text?: string | undefined }>()
  expectTypeOf<ReturnType<Commands['write']>>().toEqualTypeOf<Promise<Written>>()
  expectTypeOf<Commands['clear']>().toEqualTypeOf<(options?: Options) => Promise<void>>()
  expectTypeOf<Commands['length']>().toEqualTypeOf<(input: string, options?: Options) => Promise<number>>()
  expectTypeOf<ReturnType<Queries['read']>>().toEqualTypeOf<Promise<{ text: string; at: number } | null>>()
  expectTypeOf<Queries['size']>().toEqualTypeOf<(options?: Options) => Promise<number>>()
  expectTypeOf<keyof Commands>().toEqualTypeOf<'write' | 'clear' | 'length'>()
  expectTypeOf(counter).toExtend<MachineModule>()
  expectTypeOf(notes).toExtend<MachineModule>()
})

test('a wrong call does not compile', () => {
  const wrong = (commands: Commands, queries: Queries): unknown[] => [
    // @ts-expect-error a number is no name
    commands.write({ name: 5 }),
    // @ts-expect-error the name is missing
    commands.write({ text: 'x' }),
    // @ts-expect-error the input is missing
    commands.write(),
    // @ts-expect-error there is no such key
    commands.write({ name: 'a', colour: 'red' }),
    // @ts-expect-error there is no such command
    commands.erase({ name: 'a' }),
    // @ts-expect-error a query is no command
    commands.read('a'),
    // @ts-expect-error a command is no query
    queries.write({ name: 'a' }),
    // @ts-expect-error it takes no input, and a time limit is no text
    commands.clear({ timeoutMs: 'soon' }),
    // @ts-expect-error what the transform makes is not what a caller passes
    commands.length(5),
    // @ts-expect-error the size is a number
    queries.size().then((size) => size.toUpperCase()),
    // @ts-expect-error there may be no such note
    queries.read('a').then((note) => note.text),
    // @ts-expect-error only what was done has a size
    commands.write({ name: 'a' }).then((result) => result.size),
  ]
  expect(wrong).toBeTypeOf('function')
})

test('a wrong definition does not compile', () => {
  const base = { name: 'm', version: 1, queries: {} } as const
  const wrong = (): unknown[] => [
    // @ts-expect-error a number cannot be changed in place
    defineMachine({ ...base, initial: () => 0, commands: {} }),
    // @ts-expect-error initial is missing
    defineMachine({ ...base, commands: {} }),
    // @ts-expect-error apply is missing
    defineMachine({ ...base, initial: () => ({ value: 0 }), commands: { add: { input: z.int() } } }),
    defineMachine({
      ...base,
      initial: () => ({ value: 0 }),
      // @ts-expect-error the state has no such key
      commands: { add: { apply: (state) => state.count } },
    }),
    defineMachine({
      ...base,
      initial: () => ({ value: 0 }),
      // @ts-expect-error the input is a number
      commands: { add: { input: z.int(), apply: (_state, by) => by.toUpperCase() } },
    }),
  ]
  expect(wrong).toBeTypeOf('function')
})
