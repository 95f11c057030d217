import { token, type ByteReader, type ByteWriter, type Token } from '@quorate/contracts'

/** Appends a token, or none. */
export function writeToken(writer: ByteWriter, value: Token | null): void {
  if (value === null) writer.boolean(false)
  else writer.boolean(true).u53(value)
}

/** Reads what {@link writeToken} wrote. */
export function readToken(reader: ByteReader): Token | null {
  return reader.boolean() ? token(reader.u53()) : null
}
