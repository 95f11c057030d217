/** FNV-1a of some bytes: 32 bits, to compare with and not to trust. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c_9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193)
  return hash >>> 0
}
