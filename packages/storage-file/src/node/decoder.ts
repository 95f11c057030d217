import { BytesError, decodeEnvelope, describeError, hexOfBytes, QuorateError, type Sequence } from '@quorate/contracts'
import { z } from 'zod'
import { CommandError } from './command-error.js'
import { exported, loadModules } from './modules.js'

/**
 * What of a decoded record this command knows by name; whatever else is in it is printed as it is. `entries` take the
 * place of all from the first of them on, and a record of kind `reset` that of the whole log.
 */
const decodedSchema = z.looseObject({
  kind: z.string(),
  entries: z
    .array(z.looseObject({ index: z.int(), term: z.int(), kind: z.string(), data: z.instanceof(Uint8Array) }))
    .optional(),
})

/** A record, as the protocol that wrote it reads it. */
export type DecodedRecord = z.output<typeof decodedSchema>

/** Reads the bytes of the record at `at`, or throws a `CommandError`: what a protocol cannot read is no damage. */
export type Decoder = (bytes: Uint8Array, at: Sequence) => DecodedRecord

/**
 * The `decodeRecord` of a module: `@quorate/raft`, or a file of your own. Records mean nothing to the storage, so whoever
 * wants to read them brings the protocol.
 */
export async function loadDecoder(name: string): Promise<Decoder> {
  const decode = exported(await loadModules([name], 'decodeRecord(bytes), as @quorate/raft does'), 'decodeRecord')
  return (bytes, at) => {
    const decoded = decodedSchema.safeParse(outcomeOf(() => Reflect.apply(decode, undefined, [bytes]), name, at))
    if (decoded.success) return decoded.data
    throw unreadable(name, at, `it gives something else than a record: ${z.prettifyError(decoded.error)}`)
  }
}

function outcomeOf(decode: () => unknown, name: string, at: Sequence): unknown {
  try {
    return decode()
  } catch (error) {
    throw unreadable(name, at, describeError(error))
  }
}

function unreadable(name: string, at: Sequence, why: string): CommandError {
  return new CommandError(
    `${name} cannot read record ${at} (${why}). This says nothing of the disk: name the protocol that wrote the record, ` +
      'of a version that is not older, with --decode; or look without it',
  )
}

/** A command as it was replicated: the envelope's fields, and the machine's bytes. */
export function describeCommand(data: Uint8Array): string[] {
  try {
    const { command, ...stamps } = decodeEnvelope(data)
    const fields = Object.entries(stamps).map(
      ([name, value]) => `${name} ${typeof value === 'object' ? hexOfBytes(value) : value}`,
    )
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
