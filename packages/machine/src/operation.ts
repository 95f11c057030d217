import { isPromise, QuorateError, type Operation } from '@quorate/contracts'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { codecId, decodeValue, encodeValue } from './codec.js'

/** The part of a command's or query's definition that its callers' side needs. */
export interface WithInput {
  readonly input?: StandardSchemaV1 | undefined
  readonly since?: number | undefined
}

/** The typed side of one command or query: checks and encodes its input, decodes its result. */
export function operationOf(
  kind: 'command' | 'query',
  name: string,
  { input: schema, since = 1 }: WithInput,
): Operation<unknown, unknown> {
  return {
    takesInput: schema !== undefined,
    since,
    encode: (input) => encodeValue(schema === undefined ? [name] : [name, validated(kind, name, schema, input)]),
    decodeResult: decodeValue,
  }
}

/** A request as it arrives at the machine: the name, and what the schema let through. */
export function decodeRequest(kind: 'command' | 'query', bytes: Uint8Array): { name: string; input: unknown } {
  const [name, input] = listOf(kind, bytes)
  if (typeof name !== 'string') throw refusalOf(kind)
  return { name, input }
}

function listOf(kind: 'command' | 'query', bytes: Uint8Array): readonly unknown[] {
  try {
    const request = decodeValue(bytes)
    if (Array.isArray(request)) return request
  } catch (error) {
    throw refusalOf(kind, error)
  }
  throw refusalOf(kind)
}

function refusalOf(kind: 'command' | 'query', cause?: unknown): QuorateError {
  return new QuorateError('INVALID_COMMAND', `these bytes are no ${kind} of the codec ${codecId}`, { cause })
}

function validated(kind: string, name: string, schema: StandardSchemaV1, input: unknown): unknown {
  const result = schema['~standard'].validate(input)
  if (isPromise(result)) {
    // Nobody waits for its answer, which must not end the process either.
    result.then(undefined, () => undefined)
    throw new TypeError(`the ${kind} "${name}" has an asynchronous schema: inputs are checked within the call`)
  }
  if (result.issues === undefined) return result.value
  const problems = result.issues.map((issue) => `${pathOf(issue)}${issue.message}`)
  throw new QuorateError('INVALID_COMMAND', `the input of ${kind} "${name}" does not fit: ${problems.join('; ')}`)
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const keys = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? '' : `at ${keys.map(String).join('.')}: `
}
