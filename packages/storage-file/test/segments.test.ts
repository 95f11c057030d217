import { forgetfulFiles } from '@quorate/conformance'
import { QuorateError } from '@quorate/contracts'
import { beforeAll, describe, expect, test } from 'vitest'
import { crc32c } from '../src/crc32c.js'
import {
  bytesOf,
  directory,
  diskOf,
  imageOf,
  live,
  look,
  pathsOf,
  record,
  stillTime,
  withFile,
  type Image,
} from './places.js'

/** Four segments or more, and whoever runs here has an identity. */
async function longJournal(release: number | null, seed = 1): Promise<Image> {
  const files = forgetfulFiles(1)
  const life = await live(files, {}, stillTime(seed).environment)
  await life.storage.saveIdentity(bytesOf('who I am'))
  for (let number = 1; number <= 9; number += 1) await life.append(record(number, 300))
  if (release !== null) await life.release(release, 1, record(10, 300))
  await life.append(record(11, 300))
  return imageOf(files)
}

async function expectCorrupt(image: Image, told: RegExp): Promise<void> {
  const found = await look(await diskOf(image))
  expect(found).toMatchObject({ code: 'STORAGE_CORRUPT', outcome: 'fatal' })
  expect((found as QuorateError).message).toMatch(told)
}

describe('W20: segments that are not as they were left', () => {
  let image: Image = new Map()
  let segments: string[] = []
  const bytesAt = (at: number) => image.get(segments.at(at) ?? '') ?? new Uint8Array()
  beforeAll(async () => {
    image = await longJournal(null)
    segments = pathsOf(image, 'journal')
  })

  test('as they were left they are replayed', async () => {
    expect(segments.length).toBeGreaterThanOrEqual(4)
    expect(await look(await diskOf(image))).toMatchObject({ records: { length: 10 }, first: 1 })
  })

  test('one that is missing is refused, whichever it is', async () => {
    for (const [at, path] of segments.entries()) {
      const told = at === segments.length - 1 ? /expected a newer segment .*found no such file/ : /found no such file/
      await expectCorrupt(withFile(image, path, null), told)
    }
  })

  test('several that are missing, up to all of them, are refused', async () => {
    let left = image
    for (const path of segments) {
      left = withFile(left, path, null)
      await expectCorrupt(left, /found no/)
    }
    let right = image
    for (const path of segments.toReversed()) {
      right = withFile(right, path, null)
      await expectCorrupt(right, /found no/)
    }
  })

  test('one under the name of another is refused', async () => {
    const [first = '', second = ''] = segments
    const swapped = withFile(withFile(image, first, bytesAt(1)), second, bytesAt(0))
    await expectCorrupt(swapped, /expected segment 1, as it is named, found segment 2, copied or renamed/)
    await expectCorrupt(
      withFile(image, `${directory}/journal-${'9'.padStart(16, '0')}`, bytesAt(-1)),
      /copied or renamed/,
    )
  })

  test('one of another directory is refused', async () => {
    const other = await longJournal(null, 2)
    for (const path of segments) {
      const foreign = withFile(image, path, other.get(path) ?? null)
      await expectCorrupt(
        foreign,
        /a segment of place [0-9a-f]{32}, found one of place .* brought from another directory/,
      )
    }
  })

  test('an older copy of the newest one is refused where a mark tells, and no older copy hides a newer segment', async () => {
    const files = await diskOf(image)
    const life = await live(files)
    await life.append(record(12, 300))
    await life.append(record(13, 300))
    await life.append(record(14, 300))
    const later = imageOf(files)
    for (const path of segments) {
      if (!later.has(path)) continue
      const found = await look(await diskOf(withFile(later, path, image.get(path) ?? null)))
      if (!(found instanceof QuorateError)) expect(found.records).toHaveLength(13)
    }
    const newest = pathsOf(later, 'journal').at(-1) ?? ''
    await expectCorrupt(withFile(later, newest, null), /found no such file/)
  })

  test('one of a copy of this directory that has gone its own way is refused', async () => {
    // Two members run on copies of one directory: same place, same ordinals, other histories.
    const histories: Image[] = []
    for (const seed of [11, 12]) {
      const files = await diskOf(image)
      const life = await live(files, {}, stillTime(seed).environment)
      for (let number = 1; number <= 9; number += 1) await life.append(record(number * seed, 300))
      histories.push(imageOf(files))
    }
    const [ours = image, theirs = image] = histories
    const grown = pathsOf(ours, 'journal').filter((path) => !image.has(path))
    expect(grown.length).toBeGreaterThanOrEqual(5)
    for (const path of grown.slice(1, -1)) {
      await expectCorrupt(withFile(ours, path, theirs.get(path) ?? null), /found one that .* follows other batches/)
    }
  })

  test('a gap below the last release is none', async () => {
    const released = await longJournal(9)
    const before = pathsOf(released, 'journal')
    const back = new Map([...image, ...released])
    expect(pathsOf(back, 'journal').length).toBeGreaterThan(before.length)
    const gap = withFile(back, segments[1] ?? '', null)
    expect(await look(await diskOf(gap))).toMatchObject({ first: 9, records: { length: 3 } })
  })
})

test('W25: an identity or a snapshot without a journal is no new place', async () => {
  const image = await longJournal(9)
  const identity = pathsOf(image, 'identity')[0] ?? ''
  const snapshot = pathsOf(image, 'snapshot')[0] ?? ''
  for (const path of [identity, snapshot]) {
    await expectCorrupt(new Map([[path, image.get(path) ?? new Uint8Array()]]), /found no journal at all/)
  }
})

test('W22: an identity that was deleted is missed', async () => {
  const image = await longJournal(null)
  await expectCorrupt(withFile(image, `${directory}/identity`, null), /expected the identity .*found no such file/)
})

test('W21: a release without its snapshot is refused', async () => {
  const image = await longJournal(9)
  await expectCorrupt(withFile(image, pathsOf(image, 'snapshot')[0] ?? '', null), /expected the snapshot at position 1/)
})

/** As a program of the next version would have written it: its checksum covers the version. */
const asNext: Readonly<Record<string, (bytes: Uint8Array, view: DataView) => void>> = {
  journal: (bytes, view) => view.setUint32(124, crc32c(bytes, 0, 124), true),
  identity: (bytes, view) => view.setUint32(bytes.length - 4, crc32c(bytes, 0, bytes.length - 4), true),
  snapshot: (bytes, view) => view.setUint32(12, crc32c(bytes, 16, view.getUint32(8, true), crc32c(bytes, 4, 8)), true),
}

describe('D40: what a newer version wrote is refused by name', () => {
  test.each(Object.keys(asNext))('%s', async (family) => {
    const image = await longJournal(9)
    const path = pathsOf(image, family).at(-1) ?? ''
    const bytes = image.get(path)?.slice() ?? new Uint8Array()
    const known = bytes[4] ?? 0
    bytes[4] = known + 1
    const flipped = await look(await diskOf(withFile(image, path, bytes.slice())))
    expect(flipped, 'W5: a bit of the version').toMatchObject({ code: 'STORAGE_CORRUPT' })
    asNext[family]?.(bytes, new DataView(bytes.buffer))
    const found = await look(await diskOf(withFile(image, path, bytes)))
    expect(found).toMatchObject({ code: 'FORMAT_TOO_NEW' })
    expect((found as QuorateError).message).toContain(
      `format version ${known + 1}, and this program knows version ${known}`,
    )
  })
})

test('a refusal changes nothing, and lets go of the directory', async () => {
  const image = withFile(await longJournal(null), `${directory}/identity`, null)
  const files = await diskOf(image)
  for (let round = 0; round < 3; round += 1) {
    expect(await look(files)).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(imageOf(files)).toEqual(image)
  }
})

test('many restarts leave few files behind', async () => {
  const files = forgetfulFiles(1)
  const roomy = { segmentBytes: 8_192 }
  for (let round = 0; round < 40; round += 1) {
    const life = await live(files, roomy)
    expect(life.records).toHaveLength(round)
    await life.append(record(round + 1))
    if (round % 2 === 0) await life.storage.close()
    else files.powerCut()
  }
  const segments = pathsOf(imageOf(files), 'journal')
  expect(segments.length).toBeLessThan(6)
  const bytes = segments.reduce((sum, path) => sum + (imageOf(files).get(path)?.length ?? 0), 0)
  expect(bytes).toBeLessThan(3 * 8_192)
})
