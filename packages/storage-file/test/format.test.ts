import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { position, sequence } from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crc32c } from '../src/crc32c.js'
import { lifeOf, textOf } from './places.js'

const fixture = join(import.meta.dirname, 'fixtures', 'version-1')

describe('D40: a place of version 1 is read by every later version', () => {
  let place = ''
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'quorate-version-1-'))
    await cp(fixture, place, { recursive: true })
  })
  afterAll(() => rm(place, { recursive: true }))

  test('with its identity, its snapshot and its records, and goes on from there', async () => {
    const limits = { segmentBytes: 4_096, reserveSegments: 1 }
    const life = await lifeOf(await fileStorage({ directory: place, ...limits }).open())
    const { storage } = life
    expect(storage.identity && textOf(storage.identity)).toBe('the identity of version 1')
    expect(life.first).toBe(4)
    const padded = [4, 5, 6].map((number) => `record ${number}`.padEnd(90, '.'))
    expect(life.records).toEqual([...padded, 'record 7', '', 'record 9, which no mark covers'])
    expect(life.report.cut).toBeNull()

    expect(storage.snapshot).toMatchObject({ position: 3, epoch: 7, protocol: Uint8Array.of(1, 2, 3) })
    expect(storage.snapshot?.members.map(({ id, role }) => [id, role])).toEqual([
      ['n1', 'voter'],
      ['n2', 'learner'],
    ])
    const source = await storage.openSnapshot(position(3))
    expect(await source?.read(0, 70_000)).toEqual(new Uint8Array(70_000).map((_, at) => at % 251))
    await source?.close()

    await life.append('record 10')
    await storage.close()
    const again = await lifeOf(await fileStorage({ directory: place, ...limits }).open())
    expect(again.records.at(-1)).toBe('record 10')
    await again.storage.close()
  })
})

/** Offsets as FORMAT.md has them, and not as the code has them. */
describe('FORMAT.md says what is in the files of version 1', () => {
  const read = async (name: string) => {
    const bytes = new Uint8Array(await readFile(join(fixture, name)))
    return { bytes, view: new DataView(bytes.buffer) }
  }
  const number = (view: DataView, at: number) => Number(view.getBigUint64(at, true))
  const ascii = (bytes: Uint8Array, from: number) => textOf(bytes.subarray(from, from + 4))

  test('the header of a segment', async () => {
    const { bytes, view } = await read('journal-0000000000000004')
    expect(ascii(bytes, 0)).toBe('QRSG')
    expect(view.getUint32(4, true)).toBe(1)
    expect(bytes.subarray(8, 24)).toEqual((await read('identity')).bytes.subarray(8, 24))
    const numbers = [24, 32, 40, 48, 56, 64, 72].map((at) => number(view, at))
    expect(numbers).toEqual([4, 3, 7, 7, 6, 0, 0])
    expect(view.getUint32(84, true)).toBe(1)
    expect(bytes.subarray(96, 124)).toEqual(new Uint8Array(28))
    expect(view.getUint32(124, true)).toBe(crc32c(bytes, 0, 124))
  })

  test('batches and their records', async () => {
    const { bytes, view } = await read('journal-0000000000000004')
    let chain = view.getUint32(80, true)
    let at = 128
    for (const { ordinal, first, records, release } of [
      { ordinal: 7, first: 7, records: ['record 7', ''], release: [4, 3] },
      { ordinal: 8, first: 9, records: ['record 9, which no mark covers'], release: [0, 0] },
    ]) {
      expect(ascii(bytes, at)).toBe('QRBT')
      const bodyBytes = view.getUint32(at + 4, true)
      expect([view.getUint32(at + 8, true), view.getUint32(at + 12, true)]).toEqual([records.length, 1])
      const numbers = [16, 24, 32, 40, 48, 56].map((offset) => number(view, at + offset))
      expect(numbers).toEqual([ordinal, first, ordinal - 1, ...release, at])
      expect(view.getUint32(at + 68, true)).toBe(crc32c(bytes, at, at + 68, view.getUint32(124, true)))
      chain = crc32c(bytes, at, at + 56, chain)
      let body = at + 72
      for (const [index, record] of records.entries()) {
        expect(number(view, body)).toBe(first + index)
        expect(view.getUint32(body + 8, true)).toBe(record.length)
        expect(textOf(bytes.subarray(body + 16, body + 16 + record.length))).toBe(record)
        const content = bytes.subarray(body + 16, body + 16 + record.length)
        expect(view.getUint32(body + 12, true)).toBe(crc32c(content, 0, content.length, crc32c(bytes, body, body + 12)))
        chain = crc32c(bytes, body, body + 16, chain)
        body += 16 + record.length
      }
      expect(view.getUint32(at + 64, true)).toBe(chain)
      expect((bodyBytes + 72) % 8).toBe(0)
      at += 72 + bodyBytes
      expect(at - body).toBeLessThan(8)
    }
    expect(bytes.subarray(at).every((byte) => byte === 0)).toBe(true)
  })

  test('the seal of a segment that has a successor', async () => {
    const { bytes, view } = await read('journal-0000000000000003')
    const at = bytes.findLastIndex((byte) => byte !== 0) + 1 - 72
    expect(ascii(bytes, at)).toBe('QRBT')
    expect([4, 8, 12].map((offset) => view.getUint32(at + offset, true))).toEqual([0, 0, 3])
    expect([16, 24, 32].map((offset) => number(view, at + offset))).toEqual([7, 7, 6])
  })

  test('the identity', async () => {
    const { bytes, view } = await read('identity')
    expect(ascii(bytes, 0)).toBe('QRID')
    expect([view.getUint32(4, true), view.getUint32(24, true)]).toEqual([1, bytes.length - 32])
    expect(textOf(bytes.subarray(28, -4))).toBe('the identity of version 1')
    expect(view.getUint32(bytes.length - 4, true)).toBe(crc32c(bytes, 0, bytes.length - 4))
  })

  test('the identity of version 2', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'quorate-identity-'))
    const storage = await fileStorage({ directory, segmentBytes: 4_096, reserveSegments: 0 }).open()
    await storage.append({ firstSequence: sequence(1), records: [Uint8Array.of(7)], release: null })
    await storage.saveIdentity(new TextEncoder().encode('who I am'))
    await storage.close()
    const path = join(directory, 'identity')
    const [bytes, { ino, birthtimeNs }] = [new Uint8Array(await readFile(path)), await stat(path, { bigint: true })]
    await rm(directory, { recursive: true })
    const view = new DataView(bytes.buffer)
    expect([ascii(bytes, 0), view.getUint32(4, true)]).toEqual(['QRID', 2])
    expect([view.getUint32(24, true), number(view, 28)]).toEqual([1, 1])
    const markEnd = 40 + view.getUint32(36, true)
    expect(textOf(bytes.subarray(40, markEnd))).toBe(`${ino} ${birthtimeNs > 0n ? birthtimeNs : '-'}`)
    expect(view.getUint32(markEnd, true)).toBe(8)
    expect(textOf(bytes.subarray(markEnd + 4, -4))).toBe('who I am')
    expect(view.getUint32(bytes.length - 4, true)).toBe(crc32c(bytes, 0, bytes.length - 4))
  })

  test('a snapshot', async () => {
    const { bytes, view } = await read('snapshot-0000000000000003')
    expect(ascii(bytes, 0)).toBe('QRSN')
    const [version, length, crc] = [4, 8, 12].map((at) => view.getUint32(at, true))
    expect(version).toBe(1)
    expect(crc).toBe(crc32c(bytes, 16, length))
    expect([number(view, 32), number(view, 40)]).toEqual([3, 7])
    const blocks = [65_536, 70_000 - 65_536]
    let at = length ?? 0
    for (const [index, size] of blocks.entries()) {
      expect(view.getUint32(at, true)).toBe(size)
      const prefix = new Uint8Array(BigUint64Array.of(BigInt(index)).buffer)
      expect(view.getUint32(at + 4, true)).toBe(crc32c(bytes, at + 8, at + 8 + size, crc32c(prefix, 0, 8, crc)))
      at += 8 + size
    }
    expect(ascii(bytes, at)).toBe('QRSE')
    expect([number(view, at + 4), view.getUint32(at + 12, true)]).toEqual([70_000, 2])
    expect(view.getUint32(at + 48, true)).toBe(crc32c(bytes, at, at + 48, crc))
    expect(bytes.length).toBe(at + 52)
  })
})
