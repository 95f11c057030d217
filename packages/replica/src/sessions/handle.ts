import { bytesOfHex, hexOfBytes, position, sessionNonceBytes } from '@quorate/contracts'
import type { SessionKey } from './session.js'

/** A session as its caller names it. Whoever has one can use the session, so it is for nobody else. */
export interface SessionHandle {
  /** The cluster that it was opened in. */
  readonly clusterId: string
  /** The sixteen bytes that it was opened under. */
  readonly nonce: Uint8Array
  /** The position that opened it. */
  readonly position: number
}

/** A session as its caller names it. */
export function handleOf({ cluster, session, nonce }: SessionKey): SessionHandle {
  return { clusterId: hexOfBytes(cluster), nonce, position: session }
}

/** A session as members name it. Throws a `TypeError` for what is no handle. */
export function keyOfHandle(handle: SessionHandle): SessionKey {
  const { clusterId, nonce, position: at } = handle
  const isOne =
    typeof clusterId === 'string' &&
    /^[0-9a-f]{32}$/.test(clusterId) &&
    nonce instanceof Uint8Array &&
    nonce.length === sessionNonceBytes &&
    Number.isSafeInteger(at) &&
    at >= 1
  if (!isOne) throw new TypeError('a session is named by what openSession resolved to: give that as it was')
  return { cluster: bytesOfHex(clusterId), session: position(at), nonce }
}
