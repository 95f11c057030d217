import type { AbortSignalLike } from './environment.js'

interface Shared {
  readonly listeners: Set<() => void>
  readonly onAbort: () => void
}

/** What listens to each signal. */
const sharedBySignal = new WeakMap<AbortSignalLike, Shared>()

/**
 * Calls `listener` once the signal is aborted. Returns what takes it off again.
 *
 * However many listeners a signal has here, it is told of one: a caller may give one signal to a thousand calls, and
 * Node.js warns of a memory leak above ten listeners. Nothing is left at the signal when the last one is taken off.
 */
export function onAborted(signal: AbortSignalLike | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {}
  const shared = sharedBySignal.get(signal) ?? attach(signal)
  // The same function may wait twice, and each is taken off by itself.
  const entry = (): void => listener()
  shared.listeners.add(entry)
  return () => {
    if (!shared.listeners.delete(entry) || shared.listeners.size > 0) return
    if (sharedBySignal.get(signal) === shared) detach(signal, shared)
  }
}

function attach(signal: AbortSignalLike): Shared {
  const listeners = new Set<() => void>()
  const onAbort = (): void => {
    detach(signal, shared)
    for (const listener of [...listeners]) if (listeners.delete(listener)) listener()
  }
  const shared: Shared = { listeners, onAbort }
  sharedBySignal.set(signal, shared)
  signal.addEventListener('abort', onAbort)
  return shared
}

function detach(signal: AbortSignalLike, shared: Shared): void {
  sharedBySignal.delete(signal)
  signal.removeEventListener('abort', shared.onAbort)
}
