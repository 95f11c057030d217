import { ByteReader, BytesError, ProtocolFormatError } from '@quorate/contracts'

/** Reads bytes to their end. Throws `ProtocolFormatError` for any other bytes, and nothing else. */
export function readWhole<Value>(bytes: Uint8Array, read: (reader: ByteReader) => Value): Value {
  try {
    const reader = new ByteReader(bytes)
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof BytesError) throw new ProtocolFormatError(error.message)
    throw error
  }
}
