/**
 * CRC-32C (Castagnoli) of a range of bytes, as an unsigned number. `previous` goes on from an earlier result, so that
 * the checksum of several pieces is that of all of them in a row.
 *
 * Slicing-by-8: eight table lookups take eight bytes at once, which is about ten times as fast as one by one.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, previous = 0): number {
  let crc = ~previous
  let at = start
  for (const last = end - 7; at < last; at += 8) {
    const low = crc ^ wordAt(bytes, at)
    const high = wordAt(bytes, at + 4)
    crc =
      lookup(7, low) ^
      lookup(6, low >>> 8) ^
      lookup(5, low >>> 16) ^
      lookup(4, low >>> 24) ^
      lookup(3, high) ^
      lookup(2, high >>> 8) ^
      lookup(1, high >>> 16) ^
      lookup(0, high >>> 24)
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ lookup(0, crc ^ byteAt(bytes, at))
  return ~crc >>> 0
}

/** Reversed form of the polynomial 0x1EDC6F41. */
const polynomial = 0x82f6_3b78

/** Eight tables of 256 words: table k holds the checksums of a byte that is followed by k zeros. */
const tables = makeTables()

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    made[byte] = crc
  }
  for (let at = 256; at < made.length; at += 1) {
    const shorter = made[at - 256] ?? 0
    made[at] = (shorter >>> 8) ^ (made[shorter & 0xff] ?? 0)
  }
  return made
}

function lookup(table: number, byte: number): number {
  return tables[(table << 8) | (byte & 0xff)] ?? 0
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
  )
}
