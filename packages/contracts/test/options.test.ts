import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  addressSchema,
  bytesSchema,
  durationMsSchema,
  nodeIdSchema,
  parseOptions,
  portSchema,
  splitAddress,
  type QuorateError,
} from '../src/index.js'

const schema = z.strictObject({
  id: nodeIdSchema,
  address: addressSchema.optional(),
  timeoutMs: durationMsSchema.default(5_000),
  sizeBytes: bytesSchema.default(1),
})

function errorOf(options: unknown): QuorateError {
  try {
    parseOptions(schema, options, 'the options of example()')
  } catch (error) {
    return error as QuorateError
  }
  throw new Error('nothing was wrong')
}

describe('D30: options', () => {
  test('get their defaults', () => {
    expect(parseOptions(schema, { id: 'n1' }, 'example')).toEqual({ id: 'n1', timeoutMs: 5_000, sizeBytes: 1 })
  })

  test.each([
    [{ id: 'n 1' }, 'id', 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ -'],
    [{ id: '' }, 'id', 'must be 1 to 64'],
    [{ id: 'n1', address: 'localhost' }, 'address', 'must be an address like "127.0.0.1:7001"'],
    [{ id: 'n1', address: 'localhost:65536' }, 'address', 'has a port above 65535'],
    [{ id: 'n1', timeoutMs: 0 }, 'timeoutMs', '>=1'],
    [{ id: 'n1', timeoutMs: 1.5 }, 'timeoutMs', 'int'],
    [{ id: 'n1', timeoutMs: '5s' }, 'timeoutMs', 'number'],
    [{ id: 'n1', sizeBytes: -1 }, 'sizeBytes', '>=1'],
    [{ id: 'n1', timeoutMS: 5 }, 'timeoutMS', 'Unrecognized key'],
    [undefined, '', 'expected object'],
  ])('%j are refused with one line that names the path', (options, path, reason) => {
    const error = errorOf(options)
    expect([error.code, error.outcome]).toEqual(['INVALID_OPTIONS', 'fatal'])
    expect(error.message).toMatch(/^the options of example\(\) cannot be used:\n/)
    expect(error.message).toContain(path)
    expect(error.message).toContain(reason)
    expect(error.message.split('✖')).toHaveLength(2)
  })

  test('every mistake is told at once', () => {
    expect(errorOf({ id: '', timeoutMs: 0, sizeBytes: 0 }).message.split('✖')).toHaveLength(4)
  })
})

describe('ports among options', () => {
  interface Lamp {
    readonly place: string
    readonly bulbs: readonly number[]
    shine(): void
  }
  const lampSchema = portSchema<Lamp>('a lamp', { place: 'string', bulbs: 'object', shine: 'function' })
  const lamp: Lamp = { place: 'door', bulbs: [40], shine() {} }

  test('are passed on as they are given, whatever else they have', () => {
    const given = Object.create({ ...lamp, colour: 'red' }) as Lamp
    expect(lampSchema.parse(given)).toBe(given)
  })

  test.each([
    [{ ...lamp, shine: true }, 'must be a lamp: shine is missing'],
    [{ place: 'door' }, 'must be a lamp: bulbs, shine is missing'],
    [undefined, 'must be a lamp: place, bulbs, shine is missing'],
    [null, 'must be a lamp: place, bulbs, shine is missing'],
    ['lamp', 'must be a lamp: place, bulbs, shine is missing'],
  ])('%j is none, and what it lacks is named', (value, message) => {
    expect(lampSchema.safeParse(value).error?.issues).toMatchObject([{ message }])
  })
})

describe('addresses', () => {
  test.each([
    ['127.0.0.1:7001', '127.0.0.1', 7001],
    ['[::1]:80', '::1', 80],
    ['node-1.example_x:0', 'node-1.example_x', 0],
  ])('%s is split', (address, host, port) => {
    expect(addressSchema.parse(address)).toBe(address)
    expect(splitAddress(address)).toEqual({ host, port })
  })

  test.each(['::1:80', 'host:', ':80', 'host:port', 'http://host:80', 'ho st:80', 'hôst:80'])(
    '%s is none',
    (address) => {
      expect(addressSchema.safeParse(address).success).toBe(false)
    },
  )
})
