import type { Storage } from '@quorate/contracts'
import type { TestFunction } from './contract.js'
import { identityCases } from './storage-identity.js'
import { imageCases } from './storage-images.js'
import { StoragePlace, type StorageClaim } from './storage-place.js'
import { recordCases } from './storage-records.js'
import { releaseCases } from './storage-releases.js'
import { useCases } from './storage-use.js'

/** What {@link storageContract} is given. */
export interface StorageContractOptions {
  readonly test: TestFunction
  /** A storage on a fresh place; the contract opens, closes and opens it again. A case may ask for several. */
  readonly factory: () => Storage | Promise<Storage>
  readonly capabilities?: {
    /**
     * False if the storage does not know who uses it, because nobody else can: then neither a second user nor one that
     * has closed it is refused. Default true.
     */
    readonly locks?: boolean
  }
}

/**
 * What every storage promises, as tests: records replay exactly and in order from the last durable release on, on the
 * snapshot that it names; images and identity are there whole or not at all; there is one user at a time.
 *
 * It opens and closes in good order, so it proves no durability: a storage that survives the machine shows that over
 * {@link forgetfulFiles}, by power cuts.
 */
export function storageContract(options: StorageContractOptions): void {
  const lacksLocks = options.capabilities?.locks === false
  for (const { claim, needs, run } of [...identityCases, ...recordCases, ...releaseCases, ...imageCases, ...useCases]) {
    if (needs === 'locks' && lacksLocks) continue
    options.test(claim, () => runCase(options, run))
  }
}

async function runCase(options: StorageContractOptions, run: StorageClaim['run']): Promise<void> {
  const places: StoragePlace[] = []
  const another = async (): Promise<StoragePlace> => {
    const place = new StoragePlace(await options.factory())
    places.push(place)
    return place
  }
  try {
    await run({ place: await another(), another })
  } finally {
    for (const place of places) await place.stop()
  }
}
