import type { Batch, Position, Storage } from '@quorate/contracts'

/** Who hears what a storage holds, before its user does. */
export interface StorageWatch {
  /** It was opened, and released to this snapshot, if to any. */
  onOpened?(snapshot: Position | null): void
  onDurable(batch: Batch): void
}

/** The same storage, with somebody who hears which records are durable. */
export function watchedStorage(storage: Storage, watch: StorageWatch): Storage {
  return {
    survives: storage.survives,
    open: async () => {
      const opened = await storage.open()
      watch.onOpened?.(opened.snapshot?.position ?? null)
      const append = opened.append.bind(opened)
      opened.append = async (batch) => {
        await append(batch)
        watch.onDurable(batch)
      }
      return opened
    },
  }
}
