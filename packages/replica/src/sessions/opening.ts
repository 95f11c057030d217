import { ByteReader, ByteWriter } from '@quorate/contracts'
import { nonceBytes } from './session-codec.js'

/** What opens a session: the same nonce gives the same one, so that a retry opens no second. */
export interface Opening {
  readonly nonce: Uint8Array
  readonly timeoutMs: number
}

/** The command of an `openSession` envelope. */
export function encodeOpening({ nonce, timeoutMs }: Opening): Uint8Array {
  return new ByteWriter(nonceBytes + 4).raw(nonce).u32(timeoutMs).finish()
}

/** Inverse of {@link encodeOpening}. Throws `BytesError`. */
export function decodeOpening(bytes: Uint8Array): Opening {
  const reader = new ByteReader(bytes)
  const opening = { nonce: reader.raw(nonceBytes), timeoutMs: reader.u32() }
  reader.end()
  return opening
}
