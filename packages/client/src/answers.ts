import { QuorateError } from '@quorate/contracts'
import { z } from 'zod'
import type { HttpAnswer } from './http-port.js'
import { memberStatusSchema, type MemberStatus } from './member-status.js'

const openedSchema = z.looseObject({
  session: z.string().regex(/^[A-Za-z0-9_-]{1,256}$/),
  cluster: z.string().regex(/^[0-9a-f]{32}$/),
})

/** A session that was opened: what names it, and the cluster that it is in. */
export type OpenedSession = z.output<typeof openedSchema>

/** Reads the status of a member. */
export function memberStatus(answer: HttpAnswer): MemberStatus {
  return read(memberStatusSchema, answer, 'the status of this member')
}

/** Reads what names a session that was opened. */
export function openedSession(answer: HttpAnswer): OpenedSession {
  return read(openedSchema, answer, 'the session that this member opened')
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
