import { ByteWriter } from '@quorate/contracts'

/** A frame of the driver: its kind, and how far the sender's journal is durable. */
export function frameOf(kind: number, persisted = Number.MAX_SAFE_INTEGER): ByteWriter {
  return new ByteWriter().u8(kind).u53(persisted)
}

/** The last term that is read. */
const lastTerm = 2 ** 53 - 2 ** 32

/** A heartbeat and a request for votes in the last term that can be read, as one member could say them. */
export function framesOfLastTerm(): readonly Uint8Array[] {
  return [
    frameOf(1).u8(1).u8(6).u53(lastTerm).u53(0).u53(0).finish(),
    frameOf(1).u8(1).u8(2).u53(lastTerm).u53(1_000).u53(1_000).boolean(true).finish(),
  ]
}
