import { forgetfulFiles } from '@quorate/conformance'
import type { QuorateError } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { bytesOf, directory, diskOf, imageOf, live, look, pathsOf, stillTime, withFile, type Image } from './places.js'

/** A place that relies on the image at a position; other seeds make other places. */
async function placeWithImageAt(at: number, seed = 1): Promise<Image> {
  const files = forgetfulFiles(1)
  const life = await live(files, {}, stillTime(seed).environment)
  await life.storage.saveIdentity(bytesOf('who I am'))
  await life.append('one')
  await life.release(1, at, 'two')
  await life.storage.close()
  return imageOf(files)
}

async function expectCorrupt(image: Image, told: RegExp): Promise<void> {
  const found = await look(await diskOf(image))
  expect(found).toMatchObject({ code: 'STORAGE_CORRUPT' })
  expect((found as QuorateError).message).toMatch(told)
}

const pathAt = (at: number) => `${directory}/snapshot-${String(at).padStart(16, '0')}`

test('W5: open reads the image that it relies on to the last byte: one flipped bit in any of them is refused', async () => {
  const image = await placeWithImageAt(3)
  const path = pathsOf(image, 'snapshot')[0] ?? ''
  const bytes = image.get(path) ?? new Uint8Array()
  expect(await look(await diskOf(image))).toMatchObject({ records: ['one', 'two'] })
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = bytes.slice()
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
    const found = await look(await diskOf(withFile(image, path, changed)))
    expect(found, `byte ${at} of ${bytes.length}`).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect((found as QuorateError).message).toContain(path)
  }
})

test('W21: an older image under the name of the one that is relied on is refused', async () => {
  const files = forgetfulFiles(1)
  const life = await live(files)
  await life.append('one')
  await life.release(1, 3, 'two')
  const older = imageOf(files).get(pathAt(3)) ?? null
  await life.release(2, 5, 'three')
  await life.storage.close()
  await expectCorrupt(
    withFile(imageOf(files), pathAt(5), older),
    /expected position 5, as it is named, found position 3/,
  )
})

test('W21: the image of another directory is refused', async () => {
  const theirs = await placeWithImageAt(3, 2)
  const image = withFile(await placeWithImageAt(3), pathAt(3), theirs.get(pathAt(3)) ?? null)
  await expectCorrupt(image, /expected a snapshot of place [0-9a-f]{32}, found place [0-9a-f]{32}/)
})
