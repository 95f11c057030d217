/** Tells the operator. `SNAPSHOT_FAILED`: an image could not be written, read or trusted, and will be tried again. */
export type WarnOfSnapshot = (code: 'SNAPSHOT_FAILED', message: string, about?: string) => void
