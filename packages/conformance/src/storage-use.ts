import { describeError, position, QuorateError, sequence } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import { isRefused, metaOf, patterned, type StorageCase, type StorageClaim } from './storage-place.js'

/** Use: one user at a time, from open to close. */
export const useCases: readonly StorageClaim[] = [
  {
    claim: 'a storage says what it survives, and how near to full it is',
    run: async ({ place }: StorageCase): Promise<void> => {
      const { survives } = place.storage
      expectClaim(['nothing', 'machine'].includes(survives), `"${survives}" is nothing that a storage survives`)
      await place.start()
      await place.append([patterned(1, 10)])
      const { pressure } = place.open
      expectClaim(['none', 'low', 'full'].includes(pressure), `"${pressure}" is no pressure`)
    },
  },
  {
    claim: 'closing again does nothing, and what was closed can be opened again',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.append([patterned(1, 10)])
      const { open } = place
      await Promise.all([open.close(), open.close()])
      await open.close()
      await place.start()
      await open.close()
      await place.append([patterned(2, 20)])
      await place.restart()
      place.expectReplayFrom(1)
    },
  },
  {
    claim: 'D25: a second user is refused with STORAGE_LOCKED while the first is there, who does not notice',
    needs: 'locks',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      const refusal = await place.storage.open().then(
        () => null,
        (error: unknown) => error,
      )
      expectClaim(refusal !== null, 'a second user was let in')
      expectClaim(
        refusal instanceof QuorateError && refusal.code === 'STORAGE_LOCKED',
        `a second user is refused with something else than STORAGE_LOCKED: ${describeError(refusal)}`,
      )
      await place.append([patterned(1, 10)])
      await place.restart()
      place.expectReplayFrom(1)
    },
  },
  {
    claim: 'whatever is called after close is refused, and changes nothing',
    needs: 'locks',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.append([patterned(1, 10)])
      const { open } = place
      await place.stop()
      const calls: Record<string, () => Promise<unknown>> = {
        saveIdentity: () => open.saveIdentity(patterned(1, 10)),
        replay: () => open.replay(() => {}),
        append: () => open.append({ firstSequence: sequence(2), records: [patterned(2, 10)], release: null }),
        createSnapshot: () => open.createSnapshot(metaOf(1)),
        openSnapshot: () => open.openSnapshot(position(1)),
      }
      for (const [name, call] of Object.entries(calls)) {
        expectClaim(await isRefused(call), `${name} was answered after close`)
      }
      await place.start()
      expectClaim(place.open.identity === null, 'an identity was saved after close')
      place.expectReplayFrom(1)
    },
  },
]
