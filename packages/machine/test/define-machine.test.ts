import { clusterTime, position, seededRandom, type ApplyContext } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { encodeValue } from '../src/codec.js'
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

test('D28: transforms run where a command is proposed, and never where it is applied', () => {
  let runs = 0
  const upper = z.string().transform((text) => {
    runs += 1
    return text.toUpperCase()
  })
  const machine = defineMachine({
    name: 'upper',
    version: 1,
    initial: () => ({ last: '' }),
    commands: { set: { input: z.object({ text: upper }), apply: (state, { text }) => (state.last = text) } },
    queries: {},
  })
  runs = 0
  const command = machine.commands.set.encode({ text: 'abc' })
  for (let life = 0; life < 3; life += 1) {
    expect(machine.commands.set.decodeResult(machine.create().apply(command, context(1)))).toBe('ABC')
  }
  expect(runs).toBe(1)
})

test('D28: an asynchronous schema is refused at definition, or where it is used if it shows only there', () => {
  const base = { name: 'slow', version: 1, initial: () => ({}), queries: {} }
  const always = z.any().refine(async () => Promise.resolve(true))
  expect(() => defineMachine({ ...base, commands: { wait: { input: always, apply: () => 1 } } })).toThrow(
    'the command "wait" has an asynchronous schema',
  )
  const later = z.string().refine(async () => Promise.resolve(true))
  const slow = defineMachine({ ...base, commands: { wait: { input: later, apply: () => 1 } } })
  expect(() => slow.commands.wait.encode('x')).toThrow('the command "wait" has an asynchronous schema')
})

test('D28: a refusal names the path of what does not fit, and its outcome', () => {
  const schema = z.object({ jobs: z.array(z.object({ id: z.int() })) })
  const machine = defineMachine({
    name: 'jobs',
    version: 1,
    initial: () => ({}),
    commands: { add: { input: schema, apply: () => null } },
    queries: { find: { input: z.int(), read: () => null } },
  })
  expect(() => machine.commands.add.encode({ jobs: [{ id: 1 }, { id: 0.5 }] })).toThrow(
    expect.objectContaining({
      code: 'INVALID_COMMAND',
      outcome: 'notDone',
      message: expect.stringMatching(/^the input of command "add" does not fit: at jobs\.1\.id: /) as string,
    }),
  )
  expect(() => machine.queries.find.encode(0.5)).toThrow(/^the input of query "find" does not fit: [^a]/)
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
  await other.restore(one.snapshot(), 1)
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
  await other.restore(one.snapshot(), 1)
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
  expect(() => machine.apply(hidden.commands.add.encode(), context(2))).toThrow(
    /"add".*came out differently.*\(checkDeterminism applies commands twice\): result is 1 in the one and 2 in the other/,
  )
})

test('D29: one object at two places of the state is found: after a restore it is two', () => {
  const shared = defineMachine({
    name: 'shared',
    version: 1,
    initial: () => {
      const limits = { most: 1 }
      return { limits, active: limits }
    },
    commands: {
      raise: {
        apply: (state) => {
          state.limits.most += 1
          return state.active.most
        },
      },
    },
    queries: {},
    checkDeterminism: true,
  })
  expect(() => shared.create().apply(shared.commands.raise.encode(), context(1))).toThrow(/one object at two places/)
})

test('D29: a large state is checked at one position in 1,000', () => {
  let applied = 0
  const large = defineMachine({
    name: 'large',
    version: 1,
    initial: () => ({ bytes: new Uint8Array(2 * 1024 * 1024) }),
    commands: { touch: { apply: () => void (applied += 1) } },
    queries: {},
    checkDeterminism: true,
  })
  const machine = large.create()
  for (let at = 1; at <= 2_000; at += 1) machine.apply(large.commands.touch.encode(), context(at))
  expect(applied).toBe(2_000 + 3)
})

test('D27: what apply throws reaches the driver, with its cause', () => {
  const failure = new RangeError('the third shelf is full')
  const machine = defineMachine({
    name: 'failing',
    version: 1,
    initial: () => ({}),
    commands: {
      fail: {
        apply: () => {
          throw failure
        },
      },
      later: { apply: () => Promise.reject(new Error('nobody hears it')) as unknown },
      strange: { apply: () => new WeakMap() },
    },
    queries: {},
  })
  const life = machine.create()
  expect(() => life.apply(machine.commands.fail.encode(), context(1))).toThrow(failure)
  expect(() => life.apply(machine.commands.later.encode(), context(1))).toThrow('"later" returned a promise')
  expect(() => life.apply(machine.commands.strange.encode(), context(1))).toThrow('a WeakMap cannot be encoded')
})

test('names and bytes from elsewhere find nothing that the definition does not have', () => {
  const machine = notes.create()
  for (const name of ['constructor', 'toString', '__proto__', 'write2', 'read']) {
    expect(() => machine.apply(encodeValue([name, {}]), context(1))).toThrow(`has no command "${name}"`)
  }
  for (const name of ['constructor', 'valueOf', 'write']) {
    expect(() => machine.query(encodeValue([name, {}]))).toThrow(
      expect.objectContaining({ code: 'INVALID_COMMAND', message: `the machine "notes" has no query "${name}"` }),
    )
  }
  for (const bytes of [[], [0xc1], [0xdd, 0xff], [0x92, 1, 2], [...encodeValue('read')], [0x91, 0xa4]]) {
    expect(() => machine.query(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ code: 'INVALID_COMMAND', message: 'these bytes are no query of the codec msgpack-1' }),
    )
  }
})

test('definitions that cannot work are refused where they are made', () => {
  class Tree {
    readonly root = null
  }
  const state = {}
  const base = { name: 'm', version: 1, initial: () => ({}), commands: {}, queries: {} }
  const command = (apply: unknown, input?: unknown): unknown => ({ ...base, commands: { a: { apply, input } } })
  const cases: [definition: unknown, message: string][] = [
    [{ ...base, name: 'no spaces' }, '"no spaces" cannot name a machine'],
    [{ ...base, version: 0 }, 'the version of machine "m"'],
    [{ ...base, version: 2 ** 32 }, 'the version of machine "m"'],
    [{ ...base, initial: {} }, 'needs initial()'],
    [{ ...base, initial: () => 0 }, 'returns a number, which commands cannot change: put it into an object'],
    [{ ...base, initial: () => null }, 'returns null, which commands cannot change'],
    [{ ...base, initial: () => state }, 'returns the same object twice'],
    [
      { ...base, initial: () => ({ tree: new Tree() }) },
      'cannot be put into a snapshot; give the machine a snapshot of its own: a Tree',
    ],
    [{ ...base, snapshot: {}, checkDeterminism: true }, 'both checkDeterminism and a snapshot of its own'],
    [{ ...base, expire: () => {} }, 'has expire() and needs nextDeadline() beside it'],
    [{ ...base, nextDeadline: () => null }, 'has nextDeadline() and needs expire() beside it'],
    [{ ...base, nextDeadline: 5, expire: () => {} }, 'nextDeadline of machine "m" is a function, not a number'],
    [{ ...base, queries: undefined }, 'an object where its definition of each query stands'],
    [{ ...base, commands: { 'a b': { apply: () => 1 } } }, '"a b" cannot name a command'],
    [{ ...base, queries: { a: {} } }, 'the query "a" of machine "m" needs read()'],
    [command(async () => Promise.resolve(1)), 'apply() of the command "a" is asynchronous'],
    [command(() => 1, { type: 'object' }), 'the input of the command "a" is no schema'],
  ]
  for (const [definition, message] of cases) {
    expect(() => Reflect.apply(defineMachine, undefined, [definition]) as unknown, message).toThrow(TypeError)
    expect(() => Reflect.apply(defineMachine, undefined, [definition]) as unknown).toThrow(message)
  }
})

test('a deadline is a plain number: nothing is due at Infinity, parts of a millisecond are whole, and NaN is refused', () => {
  const dueAt = (deadline: number | null): (() => number | null) => {
    const alarms = defineMachine({
      name: 'alarms',
      version: 1,
      initial: () => ({ deadline }),
      commands: {},
      queries: {},
      nextDeadline: (state) => state.deadline,
      expire: (state) => (state.deadline = null),
    })
    return () => alarms.create().nextDeadline()
  }
  const cases: [deadline: number | null, due: number | null][] = [
    [5, 5],
    [4.1, 5],
    [-3, 0],
    [null, null],
    [Math.min(), null],
  ]
  for (const [deadline, due] of cases) expect(dueAt(deadline)()).toBe(due)
  expect(dueAt(NaN)).toThrow(
    'nextDeadline of the machine "alarms" gave NaN: return milliseconds of cluster time, or null',
  )
})
