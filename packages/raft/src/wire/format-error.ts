import { BytesError, ByteReader, ProtocolFormatError } from '@quorate/contracts'

/** Reads all of `bytes`, or throws `ProtocolFormatError`: damaged bytes have no other way out. */
export function decodeWhole<Value>(what: string, bytes: Uint8Array, read: (reader: ByteReader) => Value): Value {
  try {
    const reader = new ByteReader(bytes)
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof BytesError) throw new ProtocolFormatError(`these bytes are no ${what}: ${error.message}`)
    throw error
  }
}
