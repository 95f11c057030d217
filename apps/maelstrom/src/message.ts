import { z } from 'zod'

/** A line of the protocol: who says what to whom. */
export const lineSchema = z.object({
  src: z.string(),
  dest: z.string(),
  body: z.looseObject({ type: z.string(), msg_id: z.int().optional() }),
})

/** One message of the Maelstrom protocol. */
export type Line = z.output<typeof lineSchema>

/** The first message that a member gets. */
export const initSchema = z.object({ node_id: z.string(), node_ids: z.array(z.string()).min(1) })

const key = z.json()

/** What clients of the workload `lin-kv` ask. */
export const requestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('read'), key }),
  z.object({ type: z.literal('write'), key, value: z.json() }),
  z.object({
    type: z.literal('cas'),
    key,
    from: z.json(),
    to: z.json(),
    create_if_not_exists: z.boolean().default(false),
  }),
])

/** One request of a client. */
export type Request = z.output<typeof requestSchema>

/**
 * The protocol's codes of errors. 0 and 13 are indefinite: the operation may have happened. All others are definite: it
 * did not.
 */
export const errorCode = {
  timeout: 0,
  notSupported: 10,
  temporarilyUnavailable: 11,
  malformedRequest: 12,
  crash: 13,
  abort: 14,
  keyDoesNotExist: 20,
  preconditionFailed: 22,
} as const

/** A refusal as it goes back to a client. */
export class ReplyError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}
