import { BytesError, decodeEnvelope, hexOfBytes, QuorateError } from '@quorate/contracts'
import { z } from 'zod'
import { exported, loadModules } from './modules.js'

/** What of a decoded record this command knows by name; whatever else is in it is printed as it is. */
const decodedSchema = z.looseObject({
  kind: z.string(),
  entries: z
    .array(z.looseObject({ index: z.int(), term: z.int(), kind: z.string(), data: z.instanceof(Uint8Array) }))
    .optional(),
})

/** A record, as the protocol that wrote it reads it. */
export type DecodedRecord = z.output<typeof decodedSchema>

/** Reads the bytes of a record. */
export type Decoder = (bytes: Uint8Array) => DecodedRecord

/**
 * The `decodeRecord` of a module: `@quorate/raft`, or a file of your own. Records mean nothing to the storage, so whoever
 * wants to read them brings the protocol.
 */
export async function loadDecoder(name: string): Promise<Decoder> {
  const decode = exported(await loadModules([name], 'decodeRecord(bytes), as @quorate/raft does'), 'decodeRecord')
  return (bytes) => decodedSchema.parse(Reflect.apply(decode, undefined, [bytes]))
}

/** A command as it was replicated: the envelope's fields, and the machine's bytes. */
export function describeCommand(data: Uint8Array): string[] {
  try {
    const { command, ...stamps } = decodeEnvelope(data)
    const fields = Object.entries(stamps).map(([name, value]) => `${name} ${value}`)
    return [`envelope: ${fields.join(', ')}`, ...describeBytes(command)]
  } catch (error) {
    if (!(error instanceof BytesError || error instanceof QuorateError)) throw error
    return describeBytes(data)
  }
}

/** Bytes for a person: their number, what of them is text, and all of them. */
export function describeBytes(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]/g, '·')
  const lines = [`${bytes.length} bytes`]
  for (let at = 0; at < bytes.length; at += 32) {
    const hex = hexOfBytes(bytes.subarray(at, at + 32)).padEnd(64)
    lines.push(`  ${String(at).padStart(6)}  ${hex}  ${text.slice(at, at + 32)}`)
  }
  return lines
}

/** JSON in which bytes are hexadecimal. */
export function jsonOf(value: unknown): string {
  const bytesAsHex = (_: string, given: unknown): unknown => (given instanceof Uint8Array ? hexOfBytes(given) : given)
  return JSON.stringify(value, bytesAsHex)
}
