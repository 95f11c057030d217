import { z } from 'zod'

/** What a member's process is told when it starts, as JSON in its only argument. */
export const memberConfigSchema = z.strictObject({
  id: z.string(),
  cluster: z.string(),
  members: z.record(z.string(), z.string()),
  directory: z.string(),
})

/** Configuration of one member's process. */
export type MemberConfig = z.output<typeof memberConfigSchema>

/** What a member's process is asked: to propose one write. */
export const offerSchema = z.strictObject({ write: z.int() })

/** What a member's process tells the one that started it. */
export const memberMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('listening') }),
  z.strictObject({ kind: z.literal('leadership'), leader: z.string().nullable(), epoch: z.number() }),
  /** The write is durable on a majority, and applied here. */
  z.strictObject({ kind: z.literal('acknowledged'), write: z.int() }),
  z.strictObject({ kind: z.literal('snapshot'), how: z.enum(['saved', 'installed']) }),
  /** The longest time since the last such message that nothing came from the leader on the control channel. */
  z.strictObject({ kind: z.literal('silence'), ms: z.number() }),
])

/** A message of a member's process. */
export type MemberMessage = z.output<typeof memberMessageSchema>
