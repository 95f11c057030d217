import { QuorateError } from '@quorate/contracts'
import { z } from 'zod'
import type { HttpAnswer } from './http-port.js'
import { memberStatusSchema, type MemberStatus } from './member-status.js'

const openedSchema = z.looseObject({ session: z.int().min(1) })

/** Reads the status of a member. */
export function memberStatus(answer: HttpAnswer): MemberStatus {
  return read(memberStatusSchema, answer, 'the status of this member')
}

/** Reads the id of a session that was opened. */
export function openedSession(answer: HttpAnswer): number {
  return read(openedSchema, answer, 'the session that this member opened').session
}

/** Reads JSON, which another version may write otherwise. */
function read<Schema extends z.ZodType>(schema: Schema, answer: HttpAnswer, what: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(answer.text()))
  } catch (error) {
    const message = `${what} is none that this version can read`
    throw new QuorateError('UNSUPPORTED', message, { cause: error })
  }
}
