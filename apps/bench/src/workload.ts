/** Bytes of one command. */
export const commandBytes = 256

/** Proposals that are made before anybody works. */
export const batches = [1, 16, 64, 256] as const

/** Messages handed over as they are, and through the codec. */
export const codecs = [false, true] as const

/** Nanoseconds for one entry: by the clock, and of processor time in all threads of the process. */
export interface Cost {
  readonly wall: number
  readonly processor: number
}
