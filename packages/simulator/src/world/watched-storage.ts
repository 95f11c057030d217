import type { Storage } from '@quorate/contracts'

/** The same storage, with somebody who hears up to which sequence records are durable, before its user does. */
export function watchedStorage(storage: Storage, onDurable: (sequence: number) => void): Storage {
  return {
    survives: storage.survives,
    open: async () => {
      const opened = await storage.open()
      const append = opened.append.bind(opened)
      opened.append = async (batch) => {
        await append(batch)
        onDurable(batch.firstSequence + batch.records.length - 1)
      }
      return opened
    },
  }
}
