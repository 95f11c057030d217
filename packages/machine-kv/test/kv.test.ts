import { expect, test } from 'vitest'
import { keyBytesMax, kv, rangeEntriesMax, valueBytesMax } from '../src/index.js'
import { Life } from './lives.js'

test('a key counts its own versions, and every change makes the next revision', () => {
  const life = new Life()
  expect(life.put({ key: 'a', value: '1' })).toEqual({ ok: true, version: 1, revision: 1 })
  expect(life.put({ key: 'b', value: '2' })).toEqual({ ok: true, version: 1, revision: 2 })
  expect(life.put({ key: 'a', value: '3' })).toEqual({ ok: true, version: 2, revision: 3 })
  expect(life.get('a')).toEqual({ key: 'a', value: '3', version: 2, createRevision: 1, modRevision: 3 })
  expect(life.delete({ key: 'a' })).toEqual({ ok: true, deleted: true, revision: 4 })
  expect(life.get('a')).toBeNull()
  expect(life.put({ key: 'a', value: '4' })).toEqual({ ok: true, version: 1, revision: 5 })
  expect(life.get('a')).toMatchObject({ version: 1, createRevision: 5, modRevision: 5 })
})

test('ifVersion writes only over the version that it names, and 0 means that there is none', () => {
  const life = new Life()
  expect(life.put({ key: 'a', value: 'x', ifVersion: 1 })).toEqual({ ok: false, version: 0 })
  expect(life.put({ key: 'a', value: 'x', ifVersion: 0 })).toEqual({ ok: true, version: 1, revision: 1 })
  expect(life.put({ key: 'a', value: 'y', ifVersion: 0 })).toEqual({ ok: false, version: 1 })
  expect(life.put({ key: 'a', value: 'y', ifVersion: 1 })).toEqual({ ok: true, version: 2, revision: 2 })
  expect(life.delete({ key: 'a', ifVersion: 1 })).toEqual({ ok: false, version: 2 })
  expect(life.get('a')?.value).toBe('y')
  expect(life.delete({ key: 'a', ifVersion: 2 })).toEqual({ ok: true, deleted: true, revision: 3 })
})

test('what changes nothing makes no revision', () => {
  const life = new Life()
  life.put({ key: 'a', value: 'x' })
  expect(life.delete({ key: 'b' })).toEqual({ ok: true, deleted: false, revision: 1 })
  expect(life.delete({ key: 'b', ifVersion: 0 })).toEqual({ ok: true, deleted: false, revision: 1 })
  life.put({ key: 'a', value: 'y', ifVersion: 7 })
  expect(life.stats()).toEqual({ keys: 1, revision: 1 })
})

test('text comes back as text and bytes as bytes, and nobody shares them', () => {
  const life = new Life()
  const given = Uint8Array.of(1, 2, 255)
  life.put({ key: 'bytes', value: given })
  life.put({ key: 'buffer', value: Buffer.from('abc') })
  life.put({ key: 'text', value: '\u{1F600} \0' })
  life.put({ key: 'empty', value: '' })
  life.put({ key: 'nothing', value: new Uint8Array() })
  given.fill(0)
  const first = life.get('bytes')?.value
  expect(first).toEqual(Uint8Array.of(1, 2, 255))
  if (first instanceof Uint8Array) first.fill(9)
  expect(life.get('bytes')?.value).toEqual(Uint8Array.of(1, 2, 255))
  expect(life.get('buffer')?.value).toEqual(Uint8Array.of(97, 98, 99))
  expect(life.get('text')?.value).toBe('\u{1F600} \0')
  expect(life.get('empty')?.value).toBe('')
  expect(life.get('nothing')?.value).toEqual(new Uint8Array())
})

test('a range is paged by the last key of the page before, and holds 100 entries unless told otherwise', () => {
  const life = new Life()
  const all = Array.from({ length: 250 }, (_, at) => `job/${String(at).padStart(3, '0')}`)
  for (const key of [...all].reverse()) life.put({ key, value: key })
  life.put({ key: 'jobs', value: 'x' })
  life.put({ key: 'a', value: 'x' })
  expect(life.range({ prefix: 'job/' }).entries).toHaveLength(100)
  const found: string[] = []
  let after: string | undefined
  for (let turn = 0; turn < 10; turn += 1) {
    const page = life.range({ prefix: 'job/', limit: 40, after })
    found.push(...page.entries.map(({ key }) => key))
    after = page.entries.at(-1)?.key
    if (!page.more) break
  }
  expect(found).toEqual(all)
  expect(life.range({ prefix: 'job/', limit: 250 }).more).toBe(false)
  expect(life.range({ prefix: 'job/', limit: 249 }).more).toBe(true)
  expect(life.range({ prefix: 'x' })).toEqual({ entries: [], more: false, revision: 252 })
  expect(life.range({ prefix: 'job/', after: 'k' }).entries).toEqual([])
})

test('keys are a range without values', () => {
  const life = new Life()
  for (const key of ['b', 'a', 'c']) life.put({ key, value: 'x' })
  expect(life.keys({ limit: 2 })).toEqual({
    entries: [
      { key: 'a', version: 1, createRevision: 2, modRevision: 2 },
      { key: 'b', version: 1, createRevision: 1, modRevision: 1 },
    ],
    more: true,
    revision: 3,
  })
})

test('a page holds no more bytes of values than the largest value has', () => {
  const life = new Life()
  for (const key of ['a', 'b', 'c', 'd', 'e']) life.put({ key, value: new Uint8Array(1.5 * 1024 * 1024) })
  life.put({ key: 'f', value: new Uint8Array(valueBytesMax) })
  life.put({ key: 'g', value: 'x' })
  const pages: string[] = []
  let after: string | undefined
  for (let turn = 0; turn < 10; turn += 1) {
    const page = life.range({ after })
    pages.push(page.entries.map(({ key }) => key).join(''))
    after = page.entries.at(-1)?.key
    if (!page.more) break
  }
  expect(pages).toEqual(['ab', 'cd', 'e', 'f', 'g'])
  expect(life.keys().entries).toHaveLength(7)
})

test('the largest key and value fit into a command of 4 MiB', () => {
  const key = 'k'.repeat(keyBytesMax)
  for (const value of [new Uint8Array(valueBytesMax), 'x'.repeat(valueBytesMax), 'ü'.repeat(valueBytesMax / 2)]) {
    const command = kv.commands.put.encode({ key, value, ifVersion: Number.MAX_SAFE_INTEGER })
    expect(command.length).toBeLessThanOrEqual(4 * 1024 * 1024)
  }
})

test.each([
  [{ key: '', value: 'x' }, 'at key: is empty'],
  [{ key: 'k'.repeat(keyBytesMax + 1), value: 'x' }, 'at key: is longer than 1024 bytes'],
  [{ key: '\u{1F600}'.repeat(keyBytesMax / 4) + 'k', value: 'x' }, 'at key: is longer than 1024 bytes'],
  [{ key: 'ü'.repeat(keyBytesMax / 2) + 'k', value: 'x' }, 'at key: is longer than 1024 bytes'],
  [{ key: '語'.repeat(341) + 'kk', value: 'x' }, 'at key: is longer than 1024 bytes'],
  [{ key: 'a\ud800b', value: 'x' }, 'at key: holds half of a surrogate pair'],
  [{ key: '\udc00', value: 'x' }, 'at key: holds half of a surrogate pair'],
  [{ key: 'a', value: 'x\udfff' }, 'at value: holds half of a surrogate pair'],
  [{ key: 'a', value: 5 }, 'at value: is neither text nor a Uint8Array'],
  [{ key: 'a', value: new Uint16Array(1) }, 'at value: is neither text nor a Uint8Array'],
  [{ key: 'a', value: new Uint8Array(valueBytesMax + 1) }, `at value: is larger than ${valueBytesMax} bytes`],
  [{ key: 'a', value: 'ü'.repeat(valueBytesMax / 2) + 'x' }, `at value: is larger than ${valueBytesMax} bytes`],
  [{ key: 'a', value: 'x', ifVersion: -1 }, 'at ifVersion: '],
  [{ key: 'a', value: 'x', ifVersion: 0.5 }, 'at ifVersion: '],
  [{ key: 'a', value: 'x', ttl: 5 }, 'Unrecognized key: "ttl"'],
  [{ value: 'x' }, 'at key: '],
  [undefined, 'the input of command "put" does not fit: '],
])('D28: a put that does not fit is refused before it is replicated: case %#', (input, message) => {
  expect(() => kv.commands.put.encode(input as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_COMMAND', message: expect.stringContaining(message) as string }),
  )
})

test('keys just within the limit are taken', () => {
  for (const key of ['\u{1F600}'.repeat(256), 'ü'.repeat(512), '語'.repeat(341) + 'k', 'k'.repeat(1024)]) {
    expect(new Life().put({ key, value: 'x' })).toMatchObject({ ok: true })
  }
})

test('D28: a range that does not fit is refused, and defaults are filled in', () => {
  const life = new Life()
  expect(() => life.range({ limit: rangeEntriesMax + 1 })).toThrow('at limit: ')
  expect(() => life.range({ limit: 0 })).toThrow('at limit: ')
  expect(life.range({}).entries).toEqual([])
  expect(life.count()).toBe(0)
})
