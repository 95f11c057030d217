import { ByteReader, BytesError, ByteWriter } from '@quorate/contracts'
import type { Opening, SessionOwner } from './session.js'

const owners = ['caller', 'member'] as const satisfies readonly SessionOwner[]

/** The command of an `openSession` envelope; the cluster and the nonce stand in the envelope itself. */
export function encodeOpening({ owner, timeoutMs }: Pick<Opening, 'owner' | 'timeoutMs'>): Uint8Array {
  return new ByteWriter(5).u8(owners.indexOf(owner)).u32(timeoutMs).finish()
}

/** Inverse of {@link encodeOpening}. Throws `BytesError`. */
export function decodeOpening(bytes: Uint8Array): Pick<Opening, 'owner' | 'timeoutMs'> {
  const reader = new ByteReader(bytes)
  const owner = ownerOf(reader.u8())
  const timeoutMs = reader.u32()
  reader.end()
  return { owner, timeoutMs }
}

/** The byte that says who counts in a session. */
export function byteOfOwner(owner: SessionOwner): number {
  return owners.indexOf(owner)
}

/** Inverse of {@link byteOfOwner}. Throws `BytesError`. */
export function ownerOf(byte: number): SessionOwner {
  const owner = owners[byte]
  if (owner === undefined) throw new BytesError('this version knows no such owner of a session')
  return owner
}
