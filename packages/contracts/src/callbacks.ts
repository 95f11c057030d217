/** True for whatever answers later: a promise, also of somebody else's making. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * Calls what a user gave us and ignores what it returns. `onError` hears what it threw, and what the promise that it
 * returned was rejected with: a rejection that nobody hears of ends the process.
 */
export function callGuarded(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    const returned = call()
    if (isPromise(returned)) returned.then(undefined, onError)
  } catch (error) {
    onError(error)
  }
}

/** Refuses a promise where a value has to be there at once; its rejection, which nobody waits for, is dropped. */
export function refusePromise(value: unknown, what: string): void {
  if (!isPromise(value)) return
  value.then(undefined, () => undefined)
  throw new TypeError(`${what} returned a promise: it has to finish within the call`)
}
