/** Puts a whole number from 0 to 2^53-1 into eight bytes, little-endian. */
export function setU53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true)
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}

/** Reads what {@link setU53} put; `NaN` if it is above 2^53-1. */
export function getU53(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true)
  return high > 0x1f_ffff ? NaN : high * 0x1_0000_0000 + view.getUint32(at, true)
}
