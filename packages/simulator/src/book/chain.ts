/** The hash of a list, from that of all but its last entry. */
export function chained(before: number, entry: number): number {
  return (Math.imul(before ^ entry, 0x0100_0193) ^ (before >>> 15)) >>> 0
}
