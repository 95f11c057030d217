/**
 * The first byte of every frame between drivers (decision D10). Transports do not look inside, and a kind that this
 * version does not know is ignored.
 */
export const frameKind = {
  protocol: 1,
  forward: 2,
  reply: 3,
  snapshotRequest: 4,
  snapshotChunk: 5,
  join: 6,
  ping: 7,
  pong: 8,
} as const

/** Bytes in front of a protocol's message. */
export const frameReserveBytes = 1
