import { equalBytes, position } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import {
  expectMeta,
  metaOf,
  patterned,
  releaseAt,
  type StorageCase,
  type StorageClaim,
  type StoragePlace,
} from './storage-place.js'

async function digestAt(place: StoragePlace, at: number): Promise<Uint8Array> {
  const source = await place.open.openSnapshot(position(at))
  expectClaim(source !== null, `the image at ${at} is not there`)
  const { digest } = source
  await source.close()
  return digest
}

/** Images: written by a sink, read by a source. */
export const imageCases: readonly StorageClaim[] = [
  {
    claim: 'an image comes back with every byte, in whatever chunks it was written',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      const small = Array.from({ length: 300 }, (_, at) => at % 7)
      await place.saveImage(1, new Uint8Array())
      await place.expectImage(1, new Uint8Array(), 'and was empty')
      await place.saveImage(2, patterned(2, 3 * 1024 * 1024 + 1))
      await place.saveImage(3, patterned(3, 1_000_000), small)
      await place.saveImage(4, patterned(4, 256 * 1024), [256 * 1024])
      await place.expectImage(2, patterned(2, 3 * 1024 * 1024 + 1), 'and was one chunk')
      await place.expectImage(3, patterned(3, 1_000_000), 'and was many chunks')
      await place.expectImage(4, patterned(4, 256 * 1024), 'and was one chunk')
    },
  },
  {
    claim: 'an image is read from any offset, shorter than asked only at its end',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      const image = patterned(5, 300_000)
      await place.saveImage(5, image, [1_000, 70_000])
      const source = await place.open.openSnapshot(position(5))
      expectClaim(source !== null, 'the image at 5 is not there')
      expectClaim(source.byteLength === 300_000, `an image of 300000 bytes says that it has ${source.byteLength}`)
      const places = [
        [0, 1],
        [1, 999],
        [999, 2],
        [65_535, 65_537],
        [0, 300_000],
        [299_999, 1],
        [299_990, 100],
        [7, 0],
      ]
      for (const [offset = 0, length = 0] of places) {
        const bytes = await source.read(offset, length)
        const wanted = image.subarray(offset, offset + length)
        expectClaim(equalBytes(bytes, wanted), `a read of ${length} bytes at ${offset} brought other bytes`)
      }
      await source.close()
      await place.expectNoImage(6, 'and was never written')
    },
  },
  {
    claim: 'D7: equal images have equal digests, on any place and at any position, and unequal ones do not',
    run: async ({ place, another }: StorageCase): Promise<void> => {
      const other = await another()
      await place.start()
      await other.start()
      const image = patterned(1, 50_000)
      await place.saveImage(1, image)
      await place.saveImage(2, image, [1, 2, 3, 40_000])
      await other.saveImage(1, image, [49_999])
      const digest = await digestAt(place, 1)
      expectClaim(
        equalBytes(digest, await digestAt(place, 2)),
        'equal images differ in their digest by position or chunks',
      )
      expectClaim(equalBytes(digest, await digestAt(other, 1)), 'equal images differ in their digest by place')
      for (const at of [0, 25_000, 49_999]) {
        const flipped = image.slice()
        flipped[at] = (flipped[at] ?? 0) ^ 1
        await place.saveImage(3 + at, flipped)
        const differs = !equalBytes(digest, await digestAt(place, 3 + at))
        expectClaim(differs, `images that differ in byte ${at} have one digest`)
      }
      await place.append([patterned(1, 10)], releaseAt(1, 2))
      await place.restart()
      expectClaim(equalBytes(digest, await digestAt(place, 2)), 'a digest is another one after reopening')
    },
  },
  {
    claim: 'an image is invisible until it is committed, also after reopening',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      const sink = await place.open.createSnapshot(metaOf(10))
      await place.expectNoImage(10, 'and was only begun')
      await sink.write(patterned(10, 100_000))
      await place.expectNoImage(10, 'and was not committed')
      await place.restart()
      expectClaim(place.open.snapshot === null, 'a snapshot is in use that was not committed')
      await place.expectNoImage(10, 'after reopening, and was not committed')
      await place.saveImage(10, patterned(11, 100))
      await place.expectImage(10, patterned(11, 100), 'after it was written again')
    },
  },
  {
    claim: 'an aborted image leaves nothing, and its position can be written again',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      const sink = await place.open.createSnapshot(metaOf(10))
      await sink.write(patterned(10, 100_000))
      await sink.abort()
      await place.expectNoImage(10, 'and was aborted')
      await place.saveImage(10, patterned(11, 100))
      await place.expectImage(10, patterned(11, 100), 'after it was written again')
      const second = await place.open.createSnapshot(metaOf(10))
      await second.write(patterned(12, 50))
      await second.abort()
      await place.expectImage(10, patterned(11, 100), 'after another one of its position was aborted')
    },
  },
  {
    claim: 'two images may be written at once, also of one position, and neither sees the other',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      const [left, right] = [patterned(1, 90_000), patterned(2, 80_000)]
      const sinks = [await place.open.createSnapshot(metaOf(10)), await place.open.createSnapshot(metaOf(20))]
      const twin = await place.open.createSnapshot(metaOf(20))
      for (let at = 0; at < 90_000; at += 9_000) {
        const writes = [sinks[0]?.write(left.slice(at, at + 9_000)), sinks[1]?.write(right.slice(at, at + 9_000))]
        await Promise.all([...writes, twin.write(right.slice(at, at + 9_000))])
      }
      await sinks[1]?.commit()
      await place.expectNoImage(10, 'and was not committed')
      await place.expectImage(20, right, 'after one of two was committed')
      await Promise.all([twin.commit(), sinks[0]?.commit()])
      await place.expectImage(10, left, 'after it was written beside another')
      await place.expectImage(20, right, 'after both of two were committed')
      await place.append([patterned(1, 10)], releaseAt(1, 20))
      await place.restart()
      expectMeta(place.open.snapshot, 20)
      await place.expectImage(20, right, 'after reopening')
    },
  },
]
