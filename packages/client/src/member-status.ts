import { z } from 'zod'

/** What a member says of itself; it may say more. */
export const memberStatusSchema = z.looseObject({
  id: z.string(),
  state: z.enum(['running', 'stopped']),
  reason: z.string().nullable(),
  clusterId: z.string(),
  machine: z.object({ name: z.string(), version: z.number() }),
  leadership: z.object({ leader: z.string().nullable(), epoch: z.number(), clientAddress: z.string().nullable() }),
  members: z.array(
    z.looseObject({
      id: z.string(),
      address: z.string(),
      clientAddress: z.string().nullable(),
      role: z.enum(['voter', 'learner']),
    }),
  ),
  lastApplied: z.number(),
  digest: z.object({ position: z.number(), sha256: z.string() }).nullable(),
})

/** What a member says of itself. */
export type MemberStatus = z.output<typeof memberStatusSchema>
