import fc from 'fast-check'
import { clusterTime, concatBytes, position, seededRandom, type ApplyContext } from '@quorate/contracts'
import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { decodeValue, encodeValue, levelsMax, requestLevelsMax } from '../src/codec.js'
import { defineMachine } from '../src/index.js'
import { anyValue } from './values.js'

const cyclic: { self?: unknown } = {}
cyclic.self = cyclic
const foreign = new Packr({ useRecords: false, structuredClone: true, moreTypes: true })
const records = new Packr({ useRecords: true })
const bundled = new Packr({ useRecords: false, bundleStrings: true })

function levels(count: number, byte = 0x91): Uint8Array {
  return concatBytes([new Uint8Array(count).fill(byte), Uint8Array.of(0xc0)])
}

/** What MessagePack can say, or a decoder of it reads, and this codec does not write. */
const notOurs: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['an error', foreign.pack({ at: new Error('x') })],
  ['a typed array', foreign.pack([new Uint16Array([1, 2])])],
  ['bare memory', foreign.pack([new ArrayBuffer(8)])],
  ['a regular expression', foreign.pack([/x/])],
  ['a set as others write it', foreign.pack([new Set([1])])],
  ['a value inside of itself', foreign.pack(cyclic)],
  ['a record', records.pack({ a: 1 })],
  ['a bundle of text', bundled.pack({ text: 'some text that is long enough' })],
  ['3,000 levels', levels(3_000)],
  ['3,000 levels of maps', levels(3_000, 0x81)],
  ['100,000 levels', levels(100_000)],
  ['a list that would have 2^32 - 1 items', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)],
  ['text that would have 2^32 - 1 bytes', Uint8Array.of(0xdb, 0xff, 0xff, 0xff, 0xff)],
  ['the byte that never begins a value', Uint8Array.of(0x91, 0xc1)],
  ['a float of 4 bytes', Uint8Array.of(0xca, 0x3f, 0x80, 0, 0)],
  ['a small number in 8 bytes', Uint8Array.of(0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)],
  ['a small number in 2 bytes', Uint8Array.of(0xcc, 1)],
  ['another "not a number"', Uint8Array.of(0xcb, 0xff, 0xf8, 0, 0, 0, 0, 0, 1)],
  ['the zero below zero as a float', Uint8Array.of(0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0)],
  ['a number as a key', Uint8Array.of(0x81, 1, 1)],
  ['a list as a key', Uint8Array.of(0x81, 0x90, 1)],
  ['a key that stands twice', Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2)],
  ['keys in an order that an object has not', Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x31, 2)],
  ['the key __proto__', concatBytes([Uint8Array.of(0x81, 0xa9), Buffer.from('__proto__'), Uint8Array.of(0x80)])],
  ['text that is not UTF-8', Uint8Array.of(0xa2, 0xc3, 0x28)],
  ['an item of a set that stands twice', foreignSet(1, 1)],
  ['an extension of its own that means nothing', Uint8Array.of(0xd4, 0x51, 0, 0xc0)],
  ['something behind the value', Uint8Array.of(1, 1)],
  ['half of a value', Uint8Array.of(0x92, 1)],
  ['nothing', new Uint8Array()],
]

function foreignSet(...items: number[]): Uint8Array {
  const bytes = encodeValue(new Set(items.map((_, at) => at)))
  bytes.set(items, bytes.length - items.length)
  return bytes
}

test.each(notOurs)('bytes that the codec does not write are refused: %s', (_, bytes) => {
  expect(() => decodeValue(bytes)).toThrow(TypeError)
})

/** Keeps whatever it is given. */
const keeper = defineMachine({
  name: 'keeper',
  version: 1,
  initial: (): { kept: unknown; count: number } => ({ kept: null, count: 0 }),
  commands: {
    keep: { input: z.unknown(), apply: (state, kept) => void ((state.kept = kept), (state.count += 1)) },
    swap: { input: z.unknown(), apply: (state, kept) => ({ before: [{ kept }], count: (state.count += 1) }) },
  },
  queries: { count: { read: ({ count }) => count } },
})

const context: ApplyContext = {
  position: position(1),
  clusterTime: clusterTime(0),
  wallMs: 0,
  random: seededRandom(new Uint8Array(16)),
}

test.each(notOurs)('a command of such bytes is INVALID_COMMAND, and changes nothing: %s', (_, bytes) => {
  const life = keeper.create()
  const command = concatBytes([Uint8Array.of(0x92), encodeValue('keep'), bytes])
  expect(() => life.apply(command, context)).toThrow(expect.objectContaining({ code: 'INVALID_COMMAND' }))
  expect(() => keeper.sinceOf?.(command)).toThrow(expect.objectContaining({ code: 'INVALID_COMMAND' }))
  expect(decodeValue(life.query(encodeValue(['count'])))).toBe(0)
})

test('bytes that are read are written alike, whatever was done to them', () => {
  const changed = fc.tuple(anyValue, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
    const bytes = encodeValue(value)
    if (bytes.length > 0) bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(changed, (bytes) => {
      let value: unknown
      try {
        value = decodeValue(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError)
        return
      }
      expect(encodeValue(value)).toEqual(bytes)
    }),
    { numRuns: 500 },
  )
})

/** A value that is so many levels deep. */
function nested(count: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1
  for (let level = 0; level < count; level += 1) value = wrap(value)
  return value
}

test.each<[string, (inner: unknown) => unknown]>([
  ['lists', (inner) => [inner]],
  ['objects', (inner) => ({ inner })],
  ['maps', (inner) => new Map([['inner', inner]])],
  ['keys of maps', (inner) => new Map([[inner, 'inner']])],
  ['sets', (inner) => new Set([inner])],
  ['all of them, with leaves that take more', (inner) => [new Map([['in', { inner, zero: -0, half: '\ud800' }]])]],
])('depth has one bound for what is written and what is read: %s', (_, wrap) => {
  const deepest = (count: number): unknown => nested(count, wrap)
  const step = levelsOf(wrap(1))
  const most = Math.floor(levelsMax / step)
  const bytes = encodeValue(deepest(most))
  expect(encodeValue(decodeValue(bytes))).toEqual(bytes)
  expect(() => encodeValue(deepest(most + 1))).toThrow('nested too deeply')
  expect(() => encodeValue(deepest(100_000 / step))).toThrow('nested too deeply')
})

function levelsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const items = value instanceof Map ? [...value.values()] : Object.values(value)
  return 1 + Math.max(0, ...items.map(levelsOf))
}

test('a value inside of itself is refused, and so are bytes one level deeper than any value', () => {
  expect(() => encodeValue(cyclic)).toThrow('inside of itself')
  expect(decodeValue(levels(levelsMax))).toBeDefined()
  expect(() => decodeValue(levels(levelsMax + 1))).toThrow(TypeError)
})

test('a machine may answer with what it was given inside of something, at any depth that an input may have', () => {
  const { swap } = keeper.commands
  const input = nested(requestLevelsMax - 1, (inner) => [inner])
  expect(() => keeper.create().apply(swap.encode(input), context)).not.toThrow()
  expect(() => swap.encode([input])).toThrow('nested too deeply')
})

test('a refusal tells a few problems of an input, each of them cut', () => {
  const machine = defineMachine({
    name: 'lists',
    version: 1,
    initial: () => ({}),
    commands: {
      put: { input: z.array(z.string()), apply: () => null },
      set: { input: z.strictObject({}), apply: () => null },
    },
    queries: {},
  })
  const refusalOf = (encode: () => unknown): string => {
    try {
      encode()
    } catch (error) {
      return String(error)
    }
    throw new Error('it was not refused')
  }
  const many = refusalOf(() => machine.commands.put.encode(Array.from({ length: 5_000 }, () => 1) as never))
  expect(many).toContain('4995 more problems')
  const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`unknown key ${at}`, 1]))
  const unknown = refusalOf(() => machine.commands.set.encode(wide as never))
  const deepKey = refusalOf(() => machine.commands.set.encode({ ['x'.repeat(1_000_000)]: 1 } as never))
  const noName = refusalOf(() => machine.sinceOf?.(encodeValue(['x'.repeat(1_000_000)])))
  for (const text of [many, unknown, deepKey, noName]) expect(text.length).toBeLessThan(2_500)
})
