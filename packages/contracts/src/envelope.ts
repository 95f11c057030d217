import { ByteReader, ByteWriter, BytesError } from './bytes.js'
import { assert, QuorateError } from './errors.js'
import { clusterTime, position, type ClusterTime, type Position } from './units.js'

/** The newest envelope format this code reads and the one it writes. */
export const envelopeFormat = 1

/** Bytes of a cluster's id, which is written as hexadecimal digits where people read it. */
export const clusterIdBytes = 16
/** Bytes of the nonce that a caller makes up for a session. */
export const sessionNonceBytes = 16

/**
 * What is replicated: a machine's command with what the cluster needs to know about it. Stamps are written once, into
 * bytes that were never proposed or sent before; a retry is a new copy of the caller's command.
 */
export interface Envelope {
  /** `command` is for the machine; the others are for the driver's own tables. */
  readonly kind: 'command' | 'openSession' | 'clock' | 'activate' | 'closeSession'
  /**
   * Id of the cluster that the caller addressed, {@link clusterIdBytes} long. After a recovery a log holds commands of the
   * cluster that was lost, under its id.
   */
  readonly cluster: Uint8Array
  /** Id of the codec of `command`. */
  readonly codec: string
  readonly machineVersion: number
  /** The leader's wall clock in milliseconds. */
  readonly wallMs: number
  /** The leader's cluster time in milliseconds. */
  readonly clusterTime: ClusterTime
  /** Session that the command belongs to (the position that opened it), or 0 for none. */
  readonly session: Position
  /** What the caller made up when it opened that session, {@link sessionNonceBytes} long; zeros for none. */
  readonly sessionNonce: Uint8Array
  /** Ordinal of the command within its session. */
  readonly sessionSequence: number
  /** The session's results below this ordinal are no longer wanted. */
  readonly lowestUnacknowledged: number
  readonly command: Uint8Array
}

const kinds = ['command', 'openSession', 'clock', 'activate', 'closeSession'] as const

/** Bytes that an envelope adds to its command and codec id. */
export const envelopeOverheadBytes = 2 + 4 + 4 + 8 * 5 + 4 + clusterIdBytes + sessionNonceBytes

/** Writes an envelope. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return new ByteWriter(envelopeOverheadBytes + envelope.codec.length + envelope.command.length)
    .u8(envelopeFormat)
    .u8(kinds.indexOf(envelope.kind))
    .raw(sized(envelope.cluster, clusterIdBytes, 'the id of a cluster'))
    .ascii(envelope.codec)
    .u32(envelope.machineVersion)
    .u53(envelope.wallMs)
    .u53(envelope.clusterTime)
    .u53(envelope.session)
    .raw(sized(envelope.sessionNonce, sessionNonceBytes, 'the nonce of a session'))
    .u53(envelope.sessionSequence)
    .u53(envelope.lowestUnacknowledged)
    .bytes(envelope.command)
    .finish()
}

/**
 * Reads an envelope; its bytes are views of `bytes`. Throws `FORMAT_TOO_NEW` for a format of a later version and
 * {@link BytesError} for bytes that are no envelope.
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const reader = new ByteReader(bytes)
  const format = reader.u8()
  if (format > envelopeFormat) {
    const message = `a replicated command has envelope format ${format} and this version reads up to ${envelopeFormat}: upgrade this member`
    throw new QuorateError('FORMAT_TOO_NEW', message)
  }
  const kind = kinds[reader.u8()]
  if (format !== envelopeFormat || kind === undefined) throw new BytesError('these bytes are no envelope')
  const envelope: Envelope = {
    kind,
    cluster: reader.raw(clusterIdBytes),
    codec: reader.ascii(),
    machineVersion: reader.u32(),
    wallMs: reader.u53(),
    clusterTime: clusterTime(reader.u53()),
    session: position(reader.u53()),
    sessionNonce: reader.raw(sessionNonceBytes),
    sessionSequence: reader.u53(),
    lowestUnacknowledged: reader.u53(),
    command: reader.bytes(),
  }
  reader.end()
  return envelope
}

function sized(bytes: Uint8Array, length: number, what: string): Uint8Array {
  assert(bytes.length === length, () => `${what} has ${length} bytes, not ${bytes.length}`)
  return bytes
}
