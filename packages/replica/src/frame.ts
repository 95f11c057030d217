import { BytesError } from '@quorate/contracts'

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

/** Bytes in front of what a frame carries: its kind, and how far the sender's journal is durable (u53). */
export const frameReserveBytes = 9

/** Writes into a frame that every record of the sender's journal up to `persisted` is durable. */
export function vouchIn(frame: Uint8Array, persisted: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frameReserveBytes)
  view.setUint32(1, persisted >>> 0, true)
  view.setUint32(5, Math.floor(persisted / 0x1_0000_0000), true)
}

/** Inverse of {@link vouchIn}. Throws {@link BytesError} for a frame that is too short or says no number. */
export function vouchedIn(frame: Uint8Array): number {
  if (frame.length < frameReserveBytes) throw new BytesError(`a frame of ${frame.length} bytes is too short`)
  const view = new DataView(frame.buffer, frame.byteOffset, frameReserveBytes)
  const persisted = view.getUint32(5, true) * 0x1_0000_0000 + view.getUint32(1, true)
  if (!Number.isSafeInteger(persisted)) throw new BytesError('a frame vouches for more records than there can be')
  return persisted
}
