import { addressSchema, cutText, JsonBoundsScan, parseExactJson } from '@quorate/contracts'
import { z } from 'zod'
import type { HttpAnswer } from './http-port.js'
import { memberStatusSchema, type MemberStatus } from './member-status.js'

/** What JSON of an answer may have: the longest is the status of a member. */
const jsonBytesMax = 1024 * 1024
const jsonBounds = { levelsMax: 64, valuesMax: 20_000 }

const announcementCharactersMax = 8_192

/** What an error tells of what does not fit in an answer. */
const problemsCharactersMax = 500

const openedSchema = z.looseObject({
  session: z.string().regex(/^[A-Za-z0-9_-]{1,256}$/),
  cluster: z.string().regex(/^[0-9a-f]{32}$/),
})

/** A session that was opened: what names it, and the cluster that it is in. */
export type OpenedSession = z.output<typeof openedSchema>

const positionSchema = z
  .string('the header quorate-position is missing')
  .regex(/^\d{1,16}$/, 'the header quorate-position is no position')
  .transform(Number)
  .pipe(z.int())

/** Reads the status of a member. Throws for what is none. */
export function memberStatus(answer: HttpAnswer): MemberStatus {
  return checked(memberStatusSchema, jsonOf(answer))
}

/** Reads what names a session that was opened. Throws for what is none. */
export function openedSession(answer: HttpAnswer): OpenedSession {
  return checked(openedSchema, jsonOf(answer))
}

/** Reads that a session has ended. Throws for an answer that does not say so. */
export function closedSession(answer: HttpAnswer): null {
  checked(z.looseObject({}), jsonOf(answer))
  return null
}

/** Reads a result as the machine encoded it. Throws for what is none. */
export function resultOf<Result>(answer: HttpAnswer, decode: (bytes: Uint8Array) => Result): Result {
  checked(positionSchema, answer.headers['quorate-position'])
  return decode(answer.bytes)
}

/** Where the members are, as an answer tells it: a few addresses at most. */
export function announcedMembers(answer: HttpAnswer): readonly string[] {
  const told = answer.headers['quorate-members']
  if (told === undefined || told.length > announcementCharactersMax) return []
  return told.split(',').filter((address) => addressSchema.safeParse(address).success)
}

/** Reads JSON of an answer. Throws for what is none, or more than any member says. */
export function jsonOf(answer: HttpAnswer): unknown {
  if (answer.bytes.length > jsonBytesMax) throw new TypeError(`it is larger than ${jsonBytesMax} bytes`)
  const exceeded = new JsonBoundsScan(jsonBounds).take(answer.bytes)
  if (exceeded !== null) throw new TypeError(`it goes beyond ${exceeded}, ${jsonBounds[exceeded]}`)
  return parseExactJson(answer.text(), 'the answer')
}

function checked<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new TypeError(cutText(z.prettifyError(parsed.error), problemsCharactersMax))
}
