import type { IncomingMessage } from 'node:http'
import {
  ByteWriter,
  JsonBoundsScan,
  parseExactJson,
  QuorateError,
  type JsonBounds,
  type JsonValue,
} from '@quorate/contracts'
import { declaresBody } from './answer.js'
import type { ClientQuota } from './quota.js'
import { HttpRefusal } from './refusal.js'

/** How deep a body may be nested: machines take no deeper input. */
const levelsMax = 100

/** How much a body may hold. */
export interface BodyBounds {
  readonly bytesMax: number
  /** A schema may have something to say about each value, and takes some microseconds for it. */
  readonly valuesMax: number
}

/**
 * Reads a body, never more than `bytesMax` of it: what says beforehand that it is larger is refused unread (decision
 * D34), and what holds too many values, or is nested too deeply, as soon as they have come. Calls `onHeld` with every count of bytes that it took from `pending`, for its caller to give back.
 */
export async function readBody(
  request: IncomingMessage,
  { bytesMax, valuesMax }: BodyBounds,
  pending: ClientQuota,
  onHeld: (count: number) => void,
): Promise<Uint8Array> {
  if (!declaresBody(request)) return new Uint8Array()
  if (request.readableDidRead) {
    const message =
      'the body was read already by what runs before httpHandler: mount httpHandler before parsers of bodies'
    throw new HttpRefusal(500, 'INTERNAL', message)
  }
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
  const body = new ByteWriter(1024)
  const scan = new JsonBoundsScan({ levelsMax, valuesMax })
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a body arrives as bytes')
      if (body.length + chunk.length > bytesMax) throw tooLarge(bytesMax)
      if (!pending.take(chunk.length)) {
        const message = 'this member holds as many bytes of requests as it may, or of your address: try again shortly'
        throw new HttpRefusal(503, 'OVERLOADED', message, { 'retry-after': '1' })
      }
      onHeld(chunk.length)
      checkBound(scan.take(chunk), valuesMax)
      body.raw(chunk)
    }
  } catch (error) {
    // What the request itself ended with: its sender went away or was too slow, and nobody reads an answer.
    if (error !== request.errored) throw error
    throw new QuorateError('ABORTED', 'the request ended before its body did', { outcome: 'notDone', cause: error })
  }
  return body.finish()
}

/** Refuses a body in a form that is not JSON, or that a page of another site may post without being asked (415). */
export function checkBodyType(request: IncomingMessage): void {
  if (!declaresBody(request)) return
  const { 'content-type': type = 'none', 'content-encoding': encoding = 'identity' } = request.headers
  const [name, ...parameters] = type.split(';').map((part) => part.trim().toLowerCase())
  const isUtf8 = parameters.every((parameter) => !/^charset=(?!"?utf-8"?$)/.test(parameter))
  if (name !== 'application/json' || !isUtf8 || encoding !== 'identity') {
    const message = `send the input as content-type application/json in UTF-8, not as ${type} (${encoding})`
    throw new HttpRefusal(415, 'UNSUPPORTED', message, { 'accept-post': 'application/json' })
  }
}

/** Reads JSON, or says where it breaks off, or what in it would be changed. */
export function parseJson(bytes: Uint8Array): JsonValue {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HttpRefusal(400, 'INVALID_COMMAND', 'the body is not UTF-8')
  }
  try {
    return parseExactJson(text, 'the body')
  } catch (error) {
    if (error instanceof TypeError) throw new HttpRefusal(400, 'INVALID_COMMAND', error.message)
    const position = /at position (\d+)/.exec(String(error))?.[1] ?? String(text.length)
    throw new HttpRefusal(400, 'INVALID_COMMAND', `the body is no JSON: it breaks off at position ${position}`)
  }
}

function checkBound(exceeded: keyof JsonBounds | null, valuesMax: number): void {
  if (exceeded === null) return
  if (exceeded === 'levelsMax') throw new HttpRefusal(400, 'INVALID_COMMAND', 'the body is nested too deeply')
  const message = `the body holds more than ${valuesMax} values: split the command, or raise bodyValuesMax`
  throw new HttpRefusal(413, 'COMMAND_TOO_LARGE', message)
}

function tooLarge(bytesMax: number): HttpRefusal {
  return new HttpRefusal(413, 'COMMAND_TOO_LARGE', `the body is larger than ${bytesMax} bytes: split the command`)
}
