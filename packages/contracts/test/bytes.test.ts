import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, ByteWriter, BytesError, concatBytes, equalBytes, hexOfBytes } from '../src/index.js'

describe('ByteWriter and ByteReader', () => {
  test('read back what was written, whatever stands before and behind', () => {
    const u53 = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER))
    const ascii = fc.string({ unit: 'binary-ascii', maxLength: 20 })
    const row = fc.tuple(fc.nat(255), fc.nat(2 ** 31), u53, fc.boolean(), fc.uint8Array(), ascii, fc.option(ascii))
    fc.assert(
      fc.property(fc.array(row), fc.nat(9), fc.nat(200), (rows, reserve, capacity) => {
        const writer = new ByteWriter(capacity, reserve)
        for (const [byte, half, whole, flag, bytes, text, maybe] of rows) {
          writer.u8(byte).u32(half).u53(whole).boolean(flag).bytes(bytes).ascii(text).asciiOrNull(maybe)
        }
        const written = writer.finish()
        expect(written.length).toBe(writer.length)
        expect(written.subarray(0, reserve)).toEqual(new Uint8Array(reserve))
        const reader = new ByteReader(written, reserve)
        for (const [byte, half, whole, flag, bytes, text, maybe] of rows) {
          expect([reader.u8(), reader.u32(), reader.u53(), reader.boolean()]).toEqual([byte, half, whole, flag])
          expect(equalBytes(reader.bytes(), bytes)).toBe(true)
          expect([reader.ascii(), reader.asciiOrNull()]).toEqual([text, maybe])
        }
        reader.end()
      }),
    )
  })

  test('writers of passing bytes share memory, and never the same bytes', () => {
    const written = Array.from({ length: 1_000 }, (_, at) => {
      const writer = ByteWriter.passing(4 + (at % 90), 3)
      return writer
        .u32(at)
        .raw(new Uint8Array(at % 200).fill(at))
        .finish()
    })
    expect(new Set(written.map(({ buffer }) => buffer)).size).toBeLessThan(written.length)
    for (const [at, bytes] of written.entries()) {
      expect(bytes.subarray(0, 3)).toEqual(new Uint8Array(3))
      expect(new ByteReader(bytes, 3).u32()).toBe(at)
      expect(bytes.subarray(7)).toEqual(new Uint8Array(at % 200).fill(at))
    }
  })

  test('passing bytes that are many have memory of their own', () => {
    const writer = ByteWriter.passing(100_000)
    expect(writer.raw(new Uint8Array(100_000)).finish().buffer.byteLength).toBe(100_000)
  })

  test('numbers are little-endian', () => {
    expect(hexOfBytes(new ByteWriter().u32(0x0102_0304).finish())).toBe('04030201')
    expect(hexOfBytes(new ByteWriter().u53(0x01_0000_0002).finish())).toBe('0200000001000000')
  })

  test.each([-1, 0.5, NaN, Infinity, 2 ** 53])('%d is refused before it is written as something else', (value) => {
    for (const write of ['u8', 'u32', 'u53'] as const) expect(() => new ByteWriter()[write](value)).toThrow(BytesError)
  })

  test('what does not fit is refused', () => {
    expect(() => new ByteWriter().u8(256)).toThrow('256 is no whole number from 0 to 255')
    expect(() => new ByteWriter().u32(2 ** 32)).toThrow(BytesError)
    expect(() => new ByteWriter().ascii('é')).toThrow('"é" is not ASCII')
  })

  test.each([
    ['a byte too few', [1, 2, 3], (reader: ByteReader) => reader.u32(), '4 bytes are wanted and 3 are left'],
    ['a number above 2^53-1', [0, 0, 0, 0, 0, 0, 32, 0], (reader: ByteReader) => reader.u53(), 'above 2^53-1'],
    ['a boolean of 2', [2], (reader: ByteReader) => reader.boolean(), 'neither true nor false'],
    ['text that is not ASCII', [1, 0, 0, 0, 200], (reader: ByteReader) => reader.ascii(), 'not ASCII'],
    ['a length that lies', [255, 255, 255, 255, 1], (reader: ByteReader) => reader.bytes(), 'are wanted'],
    ['a count that lies', [255, 255, 255, 255, 1], (reader: ByteReader) => reader.count(1), 'cannot fit in 1 bytes'],
    ['bytes left over', [1], (reader: ByteReader) => reader.end(), '1 bytes are left over'],
  ])('%s is refused', (_name, bytes, read, message) => {
    expect(() => read(new ByteReader(Uint8Array.from(bytes)))).toThrow(message)
  })

  test('random bytes end in a value or a BytesError, and no length is believed', () => {
    const reads = ['u8', 'u32', 'u53', 'boolean', 'bytes', 'ascii', 'asciiOrNull'] as const
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.constantFrom(...reads)), (bytes, all) => {
        const reader = new ByteReader(bytes)
        try {
          for (const each of all) {
            const value = reader[each]()
            if (value instanceof Uint8Array) expect(value.length).toBeLessThanOrEqual(bytes.length)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(BytesError)
        }
        expect(reader.remaining).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('what was read since a moment is a view of the same bytes', () => {
    const bytes = new ByteWriter().u32(1).ascii('abc').u8(9).finish()
    const reader = new ByteReader(bytes)
    reader.u32()
    const { remaining } = reader
    reader.ascii()
    const since = reader.since(remaining)
    expect([...since]).toEqual([...bytes.subarray(4, 11)])
    expect(since.buffer).toBe(bytes.buffer)
    expect(reader.u8()).toBe(9)
  })

  test('a reader works on a view as on bytes of its own', () => {
    const view = Uint8Array.of(9, 9, 1, 0, 0, 0, 9).subarray(2, 6)
    const reader = new ByteReader(view)
    expect(reader.u32()).toBe(1)
    expect(() => reader.u8()).toThrow(BytesError)
  })
})

describe('bytes', () => {
  test('are equal when every one is', () => {
    const bytes = fc.uint8Array({ maxLength: 4, max: 2 })
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        expect(equalBytes(left, right)).toBe(hexOfBytes(left) === hexOfBytes(right))
      }),
    )
  })

  test('are put one behind the other, into bytes of their own', () => {
    const parts = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)]
    const whole = concatBytes(parts)
    parts[0]![0] = 9
    expect(whole).toEqual(Uint8Array.of(1, 2, 3))
    expect(concatBytes([])).toEqual(new Uint8Array())
  })
})
