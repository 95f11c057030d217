import { clusterIdBytes, position, sessionNonceBytes } from '@quorate/contracts'
import type { SessionHandle } from '@quorate/replica'

const positionBytes = 8
const tokenBytes = clusterIdBytes + sessionNonceBytes + positionBytes

/** A session as requests name it: one opaque word, which nobody can count to. */
export function tokenOfHandle({ clusterId, nonce, position: at }: SessionHandle): string {
  const bytes = Buffer.alloc(tokenBytes)
  bytes.write(clusterId, 'hex')
  bytes.set(nonce, clusterIdBytes)
  bytes.writeBigUInt64BE(BigInt(at), clusterIdBytes + sessionNonceBytes)
  return bytes.toString('base64url')
}

/** Inverse of {@link tokenOfHandle}; null for a word that is no token. */
export function handleOfToken(token: string): SessionHandle | null {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length !== tokenBytes || bytes.toString('base64url') !== token) return null
  const at = Number(bytes.readBigUInt64BE(clusterIdBytes + sessionNonceBytes))
  if (!Number.isSafeInteger(at) || at < 1) return null
  return {
    clusterId: bytes.toString('hex', 0, clusterIdBytes),
    nonce: new Uint8Array(bytes.subarray(clusterIdBytes, clusterIdBytes + sessionNonceBytes)),
    position: position(at),
  }
}
