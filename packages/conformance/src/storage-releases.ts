import { equalBytes, position } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import {
  expectMeta,
  patterned,
  releaseAt,
  type StorageCase,
  type StorageClaim,
  type StoragePlace,
} from './storage-place.js'

/** Appends a batch of small records. */
async function appendSome(place: StoragePlace, count: number): Promise<void> {
  await place.append(Array.from({ length: count }, (_, at) => patterned(place.next + at, 50 + at)))
}

/** Releases: what the journal may forget, and which images go with it. */
export const releaseCases: readonly StorageClaim[] = [
  {
    claim: 'order 7.3: after a release the replay begins exactly at the record that it names',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      let first = 1
      for (let life = 1; life <= 5; life += 1) {
        await appendSome(place, 20)
        await appendSome(place, 30)
        const at = life * 10
        await place.saveImage(at, patterned(at, 100))
        // In the middle of a batch, then the first record of its own batch, then its last.
        first = life % 3 === 1 ? place.next - 13 : life % 3 === 2 ? place.next : place.next + 1
        await place.append([patterned(1, 10), patterned(2, 20)], releaseAt(first, at))
        await appendSome(place, life)
        await place.restart()
        place.expectReplayFrom(first)
        await place.restart()
        place.expectReplayFrom(first)
      }
    },
  },
  {
    claim: 'the last of several releases counts',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await appendSome(place, 30)
      for (const at of [5, 6, 7]) await place.saveImage(at, patterned(at, 100))
      await place.append([patterned(1, 10)], releaseAt(11, 5))
      const overlapping = [
        place.append([patterned(2, 10)], releaseAt(17, 6)),
        place.append([patterned(3, 10)], releaseAt(23, 7)),
        place.append([patterned(4, 10)]),
      ]
      await Promise.all(overlapping)
      await place.restart()
      place.expectReplayFrom(23)
      expectMeta(place.open.snapshot, 7)
    },
  },
  {
    claim: 'the snapshot that the last release names is there after reopening, in every field and byte',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await appendSome(place, 5)
      await place.saveImage(40, patterned(40, 200_000))
      await place.append([patterned(1, 10)], releaseAt(6, 40))
      for (let life = 1; life <= 3; life += 1) {
        await place.restart()
        expectMeta(place.open.snapshot, 40)
        await place.expectImage(40, patterned(40, 200_000), 'after reopening')
        await appendSome(place, 3)
      }
      await place.open.saveIdentity(patterned(9, 90))
      await place.saveImage(50, patterned(50, 10))
      await place.append([patterned(1, 10)], releaseAt(place.next, 50))
      await place.restart()
      expectMeta(place.open.snapshot, 50)
      const { identity } = place.open
      expectClaim(identity !== null && equalBytes(identity, patterned(9, 90)), 'a release has touched the identity')
    },
  },
  {
    claim: 'a durable release deletes the images below it, and no other',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await appendSome(place, 5)
      for (const at of [10, 20, 30]) await place.saveImage(at, patterned(at, 1_000))
      await place.append([patterned(1, 10)], releaseAt(6, 20))
      await place.expectNoImage(10, 'after a release above it')
      await place.expectImage(20, patterned(20, 1_000), 'after the release that names it')
      await place.expectImage(30, patterned(30, 1_000), 'after a release below it')
      await place.append([patterned(1, 10)], releaseAt(7, 30))
      await place.expectNoImage(20, 'after a release above it')
      await place.restart()
      expectMeta(place.open.snapshot, 30)
    },
  },
  {
    claim: 'whatever image the last release does not name is deleted on open',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await appendSome(place, 5)
      await place.saveImage(10, patterned(10, 1_000))
      await place.restart()
      expectClaim(place.open.snapshot === null, 'a snapshot is in use that no release names')
      await place.expectNoImage(10, 'after reopening, and no release names it')
      for (const at of [15, 20, 30]) await place.saveImage(at, patterned(at, 1_000))
      await place.append([patterned(1, 10)], releaseAt(2, 20))
      await place.saveImage(12, patterned(12, 1_000))
      await place.restart()
      expectMeta(place.open.snapshot, 20)
      for (const at of [10, 12, 15, 30]) await place.expectNoImage(at, 'after reopening, and no release names it')
      await place.saveImage(30, patterned(31, 500))
      await place.expectImage(30, patterned(31, 500), 'after it was written again')
    },
  },
  {
    claim: 'an image that was opened is readable to its end after a release has deleted it',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await appendSome(place, 5)
      await place.saveImage(10, patterned(10, 600_000))
      await place.append([patterned(1, 10)], releaseAt(2, 10))
      const source = await place.open.openSnapshot(position(10))
      expectClaim(source !== null, 'the image at 10 is not there')
      const head = await source.read(0, 100)
      await place.saveImage(20, patterned(20, 100))
      await place.append([patterned(1, 10)], releaseAt(5, 20))
      await place.expectNoImage(10, 'after a release above it')
      const tail = await source.read(100, 600_000)
      const wanted = patterned(10, 600_000)
      expectClaim(
        equalBytes(head, wanted.subarray(0, 100)) && equalBytes(tail, wanted.subarray(100)),
        'an image changed under its reader',
      )
      await source.close()
      await place.restart()
      expectMeta(place.open.snapshot, 20)
    },
  },
]
