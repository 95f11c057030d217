import { QuorateError, type Storage } from '@quorate/contracts'
import { newPlace, type Place } from './place.js'
import { OpenMemoryStorage } from './open-memory-storage.js'

/**
 * A storage that lives as long as this object: it can be closed and opened again, as a member that restarts does, and
 * nothing of it survives the process. One user at a time: a second `open` throws `STORAGE_LOCKED`.
 */
export function memoryStorage(): Storage {
  const place: Place = newPlace()
  let isOpen = false
  return {
    survives: 'nothing',
    open() {
      if (isOpen) {
        const message =
          'this memory storage is in use: close its replica first, or give each replica a storage of its own'
        return Promise.reject(new QuorateError('STORAGE_LOCKED', message))
      }
      isOpen = true
      return Promise.resolve(
        new OpenMemoryStorage(place, () => {
          isOpen = false
        }),
      )
    },
  }
}
