import { equalBytes } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import { patterned, type StorageCase, type StorageClaim, type StoragePlace } from './storage-place.js'

function expectIdentity(place: StoragePlace, ...wanted: readonly Uint8Array[]): void {
  const { identity } = place.open
  expectClaim(identity !== null, 'an identity was saved, and after reopening there is none')
  expectClaim(
    wanted.some((bytes) => equalBytes(bytes, identity)),
    'after reopening the identity is not the one that was saved',
  )
}

/** Identity: the driver's own small file. */
export const identityCases: readonly StorageClaim[] = [
  {
    claim: 'a new place has no identity, no snapshot and no records, also when it is opened again',
    run: async ({ place }: StorageCase): Promise<void> => {
      for (let life = 1; life <= 2; life += 1) {
        await place.start()
        expectClaim(place.open.identity === null, 'a new place has an identity')
        expectClaim(place.open.snapshot === null, 'a new place has a snapshot')
        place.expectReplayFrom(1)
        await place.stop()
      }
    },
  },
  {
    claim: 'D15: the identity that was saved last is there after reopening, with every byte',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.open.saveIdentity(patterned(1, 5_000))
      await place.restart()
      expectIdentity(place, patterned(1, 5_000))
      await place.append([patterned(9, 9)])
      await place.open.saveIdentity(patterned(2, 100_000))
      await place.open.saveIdentity(patterned(3, 300))
      await place.restart()
      expectIdentity(place, patterned(3, 300))
      await Promise.all([place.open.saveIdentity(patterned(4, 40)), place.open.saveIdentity(patterned(5, 50))])
      await place.restart()
      expectIdentity(place, patterned(5, 50))
      await place.restart()
      expectIdentity(place, patterned(5, 50))
      place.expectReplayFrom(1)
    },
  },
  {
    claim: 'an identity that was being saved at close is afterwards the old one or the new one, and nothing between',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.open.saveIdentity(patterned(1, 9_000))
      for (let life = 2; life <= 6; life += 1) {
        const before = place.open.identity ?? new Uint8Array()
        const saving = isSaved(place.open.saveIdentity(patterned(life, 9_000)))
        await place.stop()
        const wasSaved = await saving
        await place.start()
        if (wasSaved) expectIdentity(place, patterned(life, 9_000))
        else expectIdentity(place, before, patterned(life, 9_000))
      }
    },
  },
]

function isSaved(saving: Promise<void>): Promise<boolean> {
  return saving.then(
    () => true,
    () => false,
  )
}
