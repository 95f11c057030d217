import type { Batch, Storage } from '@quorate/contracts'

/** The same storage, with somebody who hears which records are durable, before its user does. */
export function watchedStorage(storage: Storage, onDurable: (batch: Batch) => void): Storage {
  return {
    survives: storage.survives,
    open: async () => {
      const opened = await storage.open()
      const append = opened.append.bind(opened)
      opened.append = async (batch) => {
        await append(batch)
        onDurable(batch)
      }
      return opened
    },
  }
}
