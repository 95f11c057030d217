/**
 * What tells two commands under one count apart: 64 bits of their bytes. Not cryptographic: whoever made two commands with
 * one digest would harm nobody but the session's own caller.
 */
export interface CommandDigest {
  readonly high: number
  readonly low: number
}

/** Digests a command. Replicated: it must never give another value for the same bytes. */
export function digestOfCommand(bytes: Uint8Array): CommandDigest {
  let high = 0x9e3779b9 ^ bytes.length
  let low = 0x7f4a7c15 ^ bytes.length
  const words = bytes.length - (bytes.length % 4)
  for (let at = 0; at < words; at += 4) {
    const word =
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
    high = mixed(high, word, 0xcc9e2d51, 15)
    low = mixed(low, word, 0x9e3779b1, 17)
  }
  for (let at = words; at < bytes.length; at += 1) {
    high = mixed(high, byteAt(bytes, at), 0xcc9e2d51, 15)
    low = mixed(low, byteAt(bytes, at), 0x9e3779b1, 17)
  }
  // One after the other: so no two pairs of lanes become one.
  high ^= low >>> 3
  low ^= high << 5
  return { high: spread(high), low: spread(low) }
}

/** True if the two are of the same bytes, as far as 64 bits can tell. */
export function isSameDigest(left: CommandDigest, right: CommandDigest): boolean {
  return left.high === right.high && left.low === right.low
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

/**
 * A step that loses nothing: for one `word` each state comes from exactly one other. The word is spread before it meets the
 * state: else a bit of one word could undo that of the word before, in both lanes alike.
 */
function mixed(state: number, word: number, factor: number, turns: number): number {
  const product = Math.imul(word, factor)
  const added = state ^ Math.imul((product << turns) | (product >>> (32 - turns)), 0x1b873593)
  return (Math.imul((added << 13) | (added >>> 19), 5) + 0xe6546b64) | 0
}

/** Lets every bit of a lane depend on all of them; as an unsigned number. */
function spread(lane: number): number {
  let mixing = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b)
  mixing = Math.imul(mixing ^ (mixing >>> 13), 0xc2b2ae35)
  return (mixing ^ (mixing >>> 16)) >>> 0
}
