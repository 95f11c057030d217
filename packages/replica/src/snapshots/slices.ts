import { concatBytes } from '@quorate/contracts'

/** The same bytes in slices of exactly `sliceBytes`, but for the last: what is smaller is gathered, what is larger is cut. */
export async function* slicesOf(image: AsyncIterable<Uint8Array>, sliceBytes: number): AsyncGenerator<Uint8Array> {
  let gathered: Uint8Array[] = []
  let room = sliceBytes
  for await (let chunk of image) {
    while (chunk.length >= room) {
      gathered.push(chunk.subarray(0, room))
      yield gathered.length === 1 && gathered[0] ? gathered[0] : concatBytes(gathered)
      chunk = chunk.subarray(room)
      gathered = []
      room = sliceBytes
    }
    if (chunk.length > 0) gathered.push(chunk)
    room -= chunk.length
  }
  if (gathered.length > 0) yield concatBytes(gathered)
}
