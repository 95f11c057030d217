import { concatBytes } from '@quorate/contracts'
import { slicesOf } from '../src/snapshots/slices.js'

/** Bytes of a slice, as a snapshot is written. */
export const sliceBytes = 256 * 1024

/** All bytes of an image, read in slices; `between` runs after each of them. */
export async function bytesOfImage(image: AsyncIterable<Uint8Array>, between = (): void => {}): Promise<Uint8Array> {
  const slices: Uint8Array[] = []
  for await (const slice of slicesOf(image, sliceBytes)) {
    slices.push(slice.slice())
    between()
  }
  return concatBytes(slices)
}
