import { z } from 'zod'

/** What a member's process is told when it starts, as JSON in its only argument. */
export const memberConfigSchema = z.strictObject({
  id: z.string(),
  cluster: z.string(),
  machine: z.enum(['kv', 'counter']),
  /** Address for peers and address for clients, by member. */
  members: z.record(z.string(), z.strictObject({ address: z.string(), clientAddress: z.string() })),
  directory: z.string(),
  /** How members talk to each other. TCP when it is not said. */
  transport: z.enum(['tcp', 'http']).optional(),
  /** Raft's own default when it is not said. */
  electionTimeoutMs: z.tuple([z.int(), z.int()]).optional(),
  /** A snapshot after so many commands, and as many kept behind it. Quorate's own defaults when it is not said. */
  snapshotEvery: z.int().min(1).optional(),
})

/** Configuration of one member's process. */
export type MemberConfig = z.output<typeof memberConfigSchema>

/** Which state machine the cluster replicates. */
export type MachineName = MemberConfig['machine']

/** How the members of a cluster talk to each other. */
export type TransportName = NonNullable<MemberConfig['transport']>

/** What a member's process tells the one that started it. */
export const memberMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('listening') }),
  z.strictObject({ kind: z.literal('leadership'), leader: z.string().nullable(), epoch: z.number() }),
  z.strictObject({ kind: z.literal('snapshot'), how: z.enum(['saved', 'installed']), position: z.number() }),
  z.strictObject({ kind: z.literal('warning'), code: z.string(), message: z.string() }),
  /** It ends now, and not because it was asked to. */
  z.strictObject({ kind: z.literal('failed'), reason: z.string() }),
])

/** A message of a member's process. */
export type MemberMessage = z.output<typeof memberMessageSchema>

/** The one thing that a member's process is asked to do. */
export const closeRequest = 'close'
