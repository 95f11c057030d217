import { forgetfulFiles } from '@quorate/conformance'
import { QuorateError } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import {
  bytesOf,
  diskOf,
  directory,
  imageAt,
  imageOf,
  live,
  look,
  newestSegment,
  pathsOf,
  record,
  refusalOf,
  usedLength,
  withFile,
  type Image,
} from './places.js'

/** Segments, an identity, a release with its snapshot, and a last batch that no mark covers. */
async function smallPlace(): Promise<{ image: Image; uncoveredFrom: number }> {
  const files = forgetfulFiles(1)
  const life = await live(files, { segmentBytes: 712 })
  await life.storage.saveIdentity(bytesOf('who I am'))
  for (let number = 1; number <= 6; number += 1) await life.append(record(number, 90))
  await life.release(4, 3, record(7))
  await life.append(record(8, 100))
  const { bytes } = newestSegment(imageOf(files))
  await life.append(record(9), record(10))
  return { image: imageOf(files), uncoveredFrom: Math.ceil(usedLength(bytes) / 8) * 8 }
}

const records = [record(4, 90), record(5, 90), record(6, 90), record(7), record(8, 100), record(9), record(10)]

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ (1 << ((at * 5) % 8))
  return changed
}

describe('W5: one flipped bit', () => {
  test('the place as it was', async () => {
    const { image } = await smallPlace()
    expect(pathsOf(image, 'journal').length).toBeGreaterThanOrEqual(3)
    expect(await look(await diskOf(image))).toMatchObject({ records, first: 4, report: { cut: null } })
  })

  test('W6: in any byte that a mark covers is refused, and names file and place', async () => {
    const { image } = await smallPlace()
    const newest = newestSegment(image).path
    let [refused, flips] = [0, 0]
    for (const path of [...pathsOf(image, 'journal'), ...pathsOf(image, 'snapshot'), ...pathsOf(image, 'identity')]) {
      if (path === newest) continue
      const bytes = image.get(path) ?? new Uint8Array()
      const end = path.includes('journal') ? Math.ceil(usedLength(bytes) / 8) * 8 : bytes.length
      for (let at = 0; at < end; at += 1) {
        flips += 1
        const found = await look(await diskOf(withFile(image, path, flipped(bytes, at))))
        if (!(found instanceof QuorateError)) {
          // Only behind the batches that are needed may a bit mean nothing: there the seal stands.
          expect(at, `${path} at ${at}`).toBeGreaterThanOrEqual(end - 72)
          expect(found).toMatchObject({ records, first: 4 })
          continue
        }
        expect(found.code, `${found.message}`).toBe('STORAGE_CORRUPT')
        expect(found.message).toContain(directory)
        refused += 1
      }
    }
    console.log(
      `W5: of ${flips} flips where a mark covers, ${refused} are refused, and ${flips - refused} change nothing`,
    )
    expect(refused).toBeGreaterThan(900)
  })

  test('W6: in the last batch, which no mark covers, leaves the state before it, and says what was cut', async () => {
    const { image, uncoveredFrom } = await smallPlace()
    const { path, bytes } = newestSegment(image)
    const outcomes = { refused: 0, cut: 0, unharmed: 0 }
    for (let at = 0; at < bytes.length; at += 1) {
      const found = await look(await diskOf(withFile(image, path, flipped(bytes, at))))
      if (found instanceof QuorateError) {
        expect(at, found.message).toBeLessThan(uncoveredFrom)
        expect(found.code, `${found.message}`).toBe('STORAGE_CORRUPT')
        outcomes.refused += 1
        continue
      }
      expect(at).toBeGreaterThanOrEqual(uncoveredFrom)
      const isInside = at < Math.ceil(usedLength(bytes) / 8) * 8
      expect(found.records, `at ${at}`).toEqual(isInside ? records.slice(0, -2) : records)
      expect(found.report.cut).toMatchObject({ batches: 1 })
      outcomes[isInside ? 'cut' : 'unharmed'] += 1
    }
    console.log(`W6: of ${bytes.length} flips in the newest segment: ${JSON.stringify(outcomes)}`)
    expect(outcomes.refused).toBe(uncoveredFrom)
    expect(outcomes.cut).toBeGreaterThan(100)
    expect(outcomes.unharmed).toBeGreaterThan(0)
  })

  test('in an image is found by its reader', async () => {
    const { image } = await smallPlace()
    const files = await diskOf(image)
    const life = await live(files, { segmentBytes: 712 })
    expect(await imageAt(life.storage, 3)).toBe('image 3')
    const path = pathsOf(image, 'snapshot')[0] ?? ''
    files.tamper(path, (bytes) => flipped(bytes, bytes.length - 55))
    const refusal = await refusalOf(imageAt(life.storage, 3))
    expect(refusal.code).toBe('STORAGE_CORRUPT')
    await life.append('goes on')
  })
})

describe('D4: damage where a later mark is readable is refused', () => {
  test('when zeros took the place of a whole batch in the middle', async () => {
    const { image, uncoveredFrom } = await smallPlace()
    const { path, bytes } = newestSegment(image)
    const found = await look(await diskOf(withFile(image, path, bytes.slice().fill(0, 128, uncoveredFrom))))
    expect(found).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect((found as QuorateError).message).toMatch(
      /journal-\d+ is damaged at byte 128: expected batch \d+ .*found zeros/,
    )
  })

  test('when the file ends before a batch that its own header vouches for', async () => {
    const files = forgetfulFiles(1)
    const first = await live(files, { segmentBytes: 4_096 })
    await first.append('one')
    await first.storage.close()
    const second = await live(files, { segmentBytes: 4_096 })
    expect(second.records).toEqual(['one'])
    const image = imageOf(files)
    const { path, bytes } = newestSegment(image)
    const found = await look(await diskOf(withFile(image, path, bytes.slice(0, 128))), { segmentBytes: 4_096 })
    expect(found).toMatchObject({ code: 'STORAGE_CORRUPT' })
  })

  test('W7: when a batch was written over another', async () => {
    const { image } = await smallPlace()
    const oldest = pathsOf(image, 'journal')[0] ?? ''
    const { path, bytes } = newestSegment(image)
    const target = image.get(oldest)?.slice() ?? new Uint8Array()
    target.set(bytes.subarray(128, 424), 128)
    expect(await look(await diskOf(withFile(image, oldest, target)))).toMatchObject({ code: 'STORAGE_CORRUPT' })
    const moved = bytes.slice()
    moved.copyWithin(128, 232, 424)
    expect(await look(await diskOf(withFile(image, path, moved)))).toMatchObject({ code: 'STORAGE_CORRUPT' })
  })

  test('W7: when a batch, whole in itself, does not follow the one before', async () => {
    // The same dice make the same segment twice, so that only what the records say differs.
    const images: Image[] = []
    for (const texts of [
      ['one', 'two', 'six'],
      ['eno', 'owt', 'xis'],
    ]) {
      const files = forgetfulFiles(1)
      const life = await live(files)
      for (const text of texts) await life.append(text)
      images.push(imageOf(files))
    }
    const [ours, theirs] = images.map((image) => newestSegment(image))
    const spliced = ours?.bytes.slice() ?? new Uint8Array()
    const second = 128 + 96
    spliced.set(theirs?.bytes.subarray(second, second + 96) ?? [], second)
    const found = await look(await diskOf(withFile(images[0] ?? new Map(), ours?.path ?? '', spliced)))
    expect(found).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect((found as QuorateError).message).toMatch(/found a batch that does not follow the one before/)
  })
})
