/** Names a client that calls one operation after another. */
export type ProcessId = number | string

/**
 * What the caller knows of an operation's end: its output, or nothing.
 *
 * An operation of **unknown** outcome (a timeout, a lost connection, the end of the recording) may take effect at any
 * time after its call, also long after the caller gave up, or never. One that certainly did not happen is in no history.
 */
export type Outcome<Output> = { readonly kind: 'done'; readonly output: Output } | { readonly kind: 'unknown' }

/**
 * One operation of a client: what was asked, what came of it, and when, by order stamps.
 *
 * Stamps are numbers that only order matters of: a counter of events, or a clock that all clients share. One operation is
 * before another if it returned at a smaller stamp than the other was called at; equal stamps count as concurrent.
 */
export interface Operation<Input, Output> {
  readonly process: ProcessId
  readonly input: Input
  readonly outcome: Outcome<Output>
  readonly invokedAt: number
  /** `null` exactly if the outcome is unknown. */
  readonly returnedAt: number | null
}

/** What all clients did, in any order: the stamps say what was when. */
export type History<Input, Output> = readonly Operation<Input, Output>[]

/** Throws a `TypeError` that names the first operation whose stamps make no sense. */
export function checkStamps(history: History<unknown, unknown>): void {
  history.forEach(({ process, outcome, invokedAt, returnedAt }, at) => {
    const place = `operation ${at} of the history (process ${process})`
    if (!Number.isFinite(invokedAt)) throw new TypeError(`${place}: invokedAt must be a number, not ${invokedAt}`)
    if (outcome.kind === 'unknown') {
      if (returnedAt !== null) throw new TypeError(`${place}: its outcome is unknown, so returnedAt must be null`)
    } else if (returnedAt === null || !Number.isFinite(returnedAt) || returnedAt < invokedAt) {
      throw new TypeError(`${place}: returnedAt must be a number from ${invokedAt} on, not ${returnedAt}`)
    }
  })
}
