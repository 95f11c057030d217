import { clusterTime, position, seededRandom, type ApplyContext, type Calls } from '@quorate/contracts'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineMachine } from '../src/index.js'

const notes = defineMachine({
  name: 'notes',
  version: 1,
  initial: () => ({ texts: new Map<string, string>(), bytes: new Uint8Array() }),
  commands: {
    write: {
      input: z.object({ name: z.string().min(1), text: z.string().default('empty') }),
      apply: (state, { name, text }) => {
        state.texts.set(name, text)
        return state.texts.size
      },
    },
    clear: { apply: (state) => state.texts.clear() },
    keep: {
      input: z.instanceof(Uint8Array),
      apply: (state, bytes) => {
        state.bytes = bytes
        return bytes
      },
    },
  },
  queries: {
    read: { input: z.string(), read: (state, name) => state.texts.get(name) ?? null },
    count: { read: (state) => state.texts.size },
  },
})

function context(at: number): ApplyContext {
  return { position: position(at), clusterTime: clusterTime(0), wallMs: 0, random: seededRandom(at) }
}

async function bytesOf(image: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: string[] = []
  for await (const chunk of image) parts.push(Buffer.from(chunk).toString('hex'))
  return parts.join('')
}

test('a command changes the state and a query reads it', () => {
  const machine = notes.create()
  const result = machine.apply(notes.commands.write.encode({ name: 'a', text: 'x' }), context(1))
  expect(notes.commands.write.decodeResult(result)).toBe(1)
  expect(notes.queries.read.decodeResult(machine.query(notes.queries.read.encode('a')))).toBe('x')
  machine.apply(notes.commands.clear.encode(), context(2))
  expect(notes.queries.count.decodeResult(machine.query(notes.queries.count.encode()))).toBe(0)
})

test('D28: what is replicated is the output of the schema, checked where it is proposed', () => {
  const machine = notes.create()
  machine.apply(notes.commands.write.encode({ name: 'a' }), context(1))
  expect(notes.queries.read.decodeResult(machine.query(notes.queries.read.encode('a')))).toBe('empty')
  expect(() => notes.commands.write.encode({ name: '' })).toThrow(
    expect.objectContaining({ code: 'INVALID_COMMAND', message: expect.stringContaining('at name') as string }),
  )
})

test('D28: a schema that answers later is refused', () => {
  const slow = defineMachine({
    name: 'slow',
    version: 1,
    initial: () => ({}),
    commands: { wait: { input: z.string().refine(() => Promise.resolve(true)), apply: () => 1 } },
    queries: {},
  })
  expect(() => slow.commands.wait.encode('x')).toThrow()
})

test('D13: bytes cross as bytes, and come back as plain ones', () => {
  const machine = notes.create()
  const result = machine.apply(notes.commands.keep.encode(Uint8Array.of(0, 255, 7)), context(1))
  expect(notes.commands.keep.decodeResult(result)).toEqual(Uint8Array.of(0, 255, 7))
})

test('D13: members that applied the same commands have the same bytes, also one that was restored in between', async () => {
  const one = notes.create()
  const other = notes.create()
  for (const [at, name] of ['c', 'a', 'b'].entries()) one.apply(notes.commands.write.encode({ name }), context(at))
  await other.restore(one.snapshot())
  for (const machine of [one, other]) {
    machine.apply(notes.commands.write.encode({ name: 'a', text: 'y' }), context(4))
    machine.apply(notes.commands.write.encode({ name: '0' }), context(5))
  }
  expect(await bytesOf(other.snapshot())).toBe(await bytesOf(one.snapshot()))
  other.apply(notes.commands.write.encode({ name: 'a', text: 'z' }), context(6))
  expect(await bytesOf(other.snapshot())).not.toBe(await bytesOf(one.snapshot()))
})

interface Queue {
  readonly waiting: Map<string, number>
  readonly ready: Set<string>
  readonly names: Record<string, true>
}

test('D29: a restored member iterates in the order of all others, so that a command that does so does the same', async () => {
  const queue = defineMachine({
    name: 'queue',
    version: 1,
    initial: (): Queue => ({ waiting: new Map(), ready: new Set(), names: {} }),
    commands: {
      put: {
        input: z.string(),
        apply: (state, name) => {
          state.waiting.set(name, 1)
          state.ready.add(name)
          state.names[name] = true
        },
      },
      first: { apply: ({ waiting, ready, names }) => [...waiting.keys(), ...ready, ...Object.keys(names)] },
    },
    queries: {},
  })
  const one = queue.create()
  for (const [at, name] of ['z', 'a', 'm'].entries()) one.apply(queue.commands.put.encode(name), context(at + 1))
  const other = queue.create()
  await other.restore(one.snapshot())
  const result = other.apply(queue.commands.first.encode(), context(4))
  expect(queue.commands.first.decodeResult(result)).toEqual(['z', 'a', 'm', 'z', 'a', 'm', 'z', 'a', 'm'])
})

test('D29: hidden nondeterminism is found while the state is small', () => {
  let outside = 0
  const hidden = defineMachine({
    name: 'hidden',
    version: 1,
    initial: () => ({ value: 0 }),
    commands: {
      add: { apply: (state) => (state.value = outside += 1) },
      roll: { apply: (_s, _i, c) => c.random.nextInt(9) },
    },
    queries: {},
    checkDeterminism: true,
  })
  const machine = hidden.create()
  machine.apply(hidden.commands.roll.encode(), context(1))
  expect(() => machine.apply(hidden.commands.add.encode(), context(2))).toThrow(/"add".*came out differently/)
})

test('definitions that cannot work are refused where they are made', () => {
  const base = { name: 'm', version: 1, initial: () => ({}), commands: {}, queries: {} }
  expect(() => defineMachine({ ...base, name: 'no spaces' })).toThrow(/cannot name a machine/)
  expect(() => defineMachine({ ...base, version: 0 })).toThrow(/version of machine/)
  expect(() => defineMachine({ ...base, commands: { a: { apply: async () => Promise.resolve(1) } } })).toThrow(
    /asynchronous/,
  )
})

test('types: a wrong input does not compile', () => {
  type Commands = Calls<typeof notes.commands, object>
  expectTypeOf<Parameters<Commands['write']>[0]>().toEqualTypeOf<{ name: string; text?: string | undefined }>()
  expectTypeOf<ReturnType<Commands['write']>>().toEqualTypeOf<Promise<number>>()
  expectTypeOf<Parameters<Commands['clear']>[0]>().toEqualTypeOf<object | undefined>()
  // @ts-expect-error a number is no name
  expect(() => notes.commands.write.encode({ name: 5 })).toThrow()
  // @ts-expect-error the input is missing
  expect(() => notes.commands.write.encode()).toThrow()
  // @ts-expect-error there is no such command
  expect(notes.commands.erase).toBeUndefined()
})
