/** A turn of the real event loop: the promises that are ready have run after it. */
export const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
