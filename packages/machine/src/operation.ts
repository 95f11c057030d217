import { cutText, isPromise, QuorateError, type Operation } from '@quorate/contracts'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { codecId, decodeValue, encodeValue, requestLevelsMax } from './codec.js'

/** Problems of an input that a refusal tells, and characters of each one's path and text. */
const issuesShownMax = 5
const issueCharactersMax = 200

/** As long as a name can be: what is longer came from elsewhere, and is cut in messages. */
export const nameCharactersMax = 64

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
    encode: (input) => {
      const request = schema === undefined ? [name] : [name, validated(kind, name, schema, input)]
      return encodeValue(request, requestLevelsMax)
    },
    decodeResult: (bytes) => decodeValue(bytes),
  }
}

/**
 * A request as it arrives at the machine: the name, and what the schema let through. Throws `INVALID_COMMAND` for all bytes
 * that {@link operationOf} does not write.
 */
export function decodeRequest(kind: 'command' | 'query', bytes: Uint8Array): { name: string; input: unknown } {
  const [name, input] = listOf(kind, bytes)
  if (typeof name !== 'string') throw refusalOf(kind)
  return { name, input }
}

function listOf(kind: 'command' | 'query', bytes: Uint8Array): readonly unknown[] {
  try {
    const request = decodeValue(bytes, requestLevelsMax)
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
  throw new QuorateError(
    'INVALID_COMMAND',
    `the input of ${kind} "${name}" does not fit: ${describeIssues(result.issues)}`,
  )
}

/** The first of them, each cut: an input can have as many as it has values, and their text is the input's. */
function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, issuesShownMax)
  const problems = shown.map((issue) => `${pathOf(issue)}${cutText(issue.message, issueCharactersMax)}`)
  const more = issues.length - shown.length
  return problems.join('; ') + (more > 0 ? `; and ${more} more problems` : '')
}

function pathOf({ path = [] }: StandardSchemaV1.Issue): string {
  const keys = path.slice(0, requestLevelsMax).map((part) => String(typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? '' : `at ${cutText(keys.join('.'), issueCharactersMax)}: `
}
