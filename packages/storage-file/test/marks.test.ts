import { forgetfulFiles } from '@quorate/conformance'
import { sequence } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import {
  diskOf,
  imageOf,
  live,
  look,
  newestSegment,
  record,
  stillTime,
  usedLength,
  withFile,
  type Image,
  type Life,
} from './places.js'

const roomy = { segmentBytes: 8_192 }

/** The image with one byte of the last record's content changed. */
function withDamage(image: Image, content: string): Image {
  const { path, bytes } = newestSegment(image)
  const changed = bytes.slice()
  const at = new TextDecoder('latin1').decode(bytes).lastIndexOf(content)
  expect(at).toBeGreaterThan(0)
  changed[at] = (changed[at] ?? 0) ^ 1
  return withFile(image, path, changed)
}

describe('D4: the last batch is marked as durable', () => {
  test('W6: by the next one, and until then damage to it looks like a write that never ended', async () => {
    const files = forgetfulFiles(1)
    const life = await live(files, roomy)
    await life.append('first')
    await life.append('second')
    const unmarked = await look(await diskOf(withDamage(imageOf(files), 'second')), roomy)
    expect(unmarked).toMatchObject({ records: ['first'], report: { cut: { batches: 1, records: 1 } } })
    await life.append('third')
    const marked = await look(await diskOf(withDamage(imageOf(files), 'second')), roomy)
    expect(marked).toMatchObject({ code: 'STORAGE_CORRUPT' })
  })

  test('by an empty batch after 100 ms without another, once', async () => {
    const files = forgetfulFiles(1)
    const time = stillTime()
    const life = await live(files, roomy, time.environment)
    await life.append('first')
    const length = () => usedLength(newestSegment(imageOf(files)).bytes)
    const before = length()
    await time.pass(60)
    await life.append('second')
    const after = length()
    await time.pass(99)
    expect(length()).toBe(after)
    await time.pass(1)
    expect(length()).toBeGreaterThan(after)
    expect(length() - after).toBeLessThanOrEqual(80)
    const marked = length()
    await time.pass(10_000)
    expect(length()).toBe(marked)
    expect(before).toBeLessThan(after)

    const found = await look(await diskOf(withDamage(imageOf(files), 'second')), roomy)
    expect(found).toMatchObject({ code: 'STORAGE_CORRUPT' })
    await life.append('third')
    await life.storage.close()
    expect(await look(files, roomy)).toMatchObject({ records: ['first', 'second', 'third'] })
  })

  test('by close', async () => {
    const files = forgetfulFiles(1)
    const life = await live(files, roomy)
    await life.append('only')
    await life.storage.close()
    const found = await look(await diskOf(withDamage(imageOf(files), 'only')), roomy)
    expect(found).toMatchObject({ code: 'STORAGE_CORRUPT' })
  })

  test('by the next segment', async () => {
    const files = forgetfulFiles(1)
    const life = await live(files)
    await life.append(record(1, 700))
    await life.append('small, and in the next one', record(2, 500))
    const image = imageOf(files)
    const [first = ''] = [...image.keys()].filter((path) => path.includes('journal'))
    const bytes = image.get(first)?.slice() ?? new Uint8Array()
    bytes[400] = 0
    expect(await look(await diskOf(withFile(image, first, bytes)))).toMatchObject({ code: 'STORAGE_CORRUPT' })
  })

  test('by open, which has made it durable', async () => {
    const files = forgetfulFiles(1)
    const life = await live(files, roomy)
    await life.append('only')
    files.powerCut()
    await live(files, roomy)
    const found = await look(await diskOf(withDamage(imageOf(files), 'only')), roomy)
    expect(found).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(await life.append('the old life is over').catch(() => 'refused')).toBe('refused')
  })
})

test('W27: a sync that takes ten seconds acknowledges nothing before it ends, and what comes meanwhile shares the next', async () => {
  const time = stillTime()
  const { environment } = time
  let syncMs = 0
  const files = forgetfulFiles(1, { environment, syncMs: () => syncMs })
  let life: Life | null = null
  const opening = live(files, roomy, environment).then((opened) => (life = opened))
  await time.pass(100)
  await opening
  syncMs = 10_000
  const done: string[] = []
  const append = (text: string) => void life?.append(text).then(() => done.push(text))
  append('first')
  await time.pass(1)
  append('second')
  append('third')
  await time.pass(9_900)
  expect(done).toEqual([])
  await time.pass(100)
  expect(done).toEqual(['first'])
  await time.pass(10_000)
  expect(done).toEqual(['first', 'second', 'third'])
  const found = await look(await diskOf(imageOf(files)), roomy)
  expect(found).toMatchObject({ records: ['first', 'second', 'third'] })
})

test('a batch above what 32 bits can tell is refused, and the storage goes on', async () => {
  const files = forgetfulFiles(1)
  const life = await live(files)
  const mebibyte = new Uint8Array(1024 * 1024)
  for (const count of [1_025, 2_048, 3_000, 5_000]) {
    const records = Array.from({ length: count }, () => mebibyte)
    const appended = life.storage.append({ firstSequence: sequence(1), records, release: null })
    await expect(appended).rejects.toThrow(/a batch of \d+ bytes is above 1073741824/)
  }
  await life.append('one')
  await life.storage.close()
  expect(await look(files)).toMatchObject({ records: ['one'] })
})
