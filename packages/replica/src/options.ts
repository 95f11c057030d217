import {
  addressSchema,
  bytesSchema,
  durationMsSchema,
  environmentSchema,
  loggerSchema,
  nodeIdSchema,
  portSchema,
  silentLogger,
  sortedMembers,
  type MachineModule,
  type Members,
  type Metrics,
  type ProtocolModule,
  type Storage,
  type Transport,
} from '@quorate/contracts'
import { z } from 'zod'

const memberSchema = z.union(
  [addressSchema, z.strictObject({ address: addressSchema, clientAddress: addressSchema.optional() })],
  { error: 'must be "host:port", or { address: "host:port", clientAddress?: "host:port" }' },
)

const membersSchema = z
  .record(nodeIdSchema, memberSchema)
  .refine((members) => Object.keys(members).length > 0, { error: 'must name at least one member' })

/** The name of a cluster. */
export const clusterNameSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, { error: 'must be 1 to 128 visible ASCII characters' })

/** Options of `createReplica` with their defaults; durations in milliseconds, sizes in bytes. */
export const replicaOptionsSchema = z
  .strictObject({
    /** This member's name, one of `members`. */
    id: nodeIdSchema,
    /** Name of the cluster. With the ids of its founders it keeps clusters apart. */
    cluster: clusterNameSchema.default('quorate'),
    /** The founding members. Counts only when the storage is new. */
    members: membersSchema,
    /**
     * Members of which everything that was learned before this start is forgotten: their directory, how often they had
     * started, what they had vouched for (decision 0017). For one start, after somebody has lied about them.
     */
    forgetPeers: z.array(nodeIdSchema).default([]),
    machine: portSchema<MachineModule>('a machine, as defineMachine makes them', {
      create: 'function',
      commands: 'object',
    }),
    protocol: portSchema<ProtocolModule<unknown, unknown>>('a protocol', {
      recover: 'function',
      encode: 'function',
      decode: 'function',
      importState: 'function',
    }),
    transport: portSchema<Transport>('a transport', { start: 'function' }),
    storage: portSchema<Storage>('a storage', { open: 'function' }),
    environment: environmentSchema,
    logger: loggerSchema.default(silentLogger),
    /** Where its numbers go; a registry of its own unless given. */
    metrics: portSchema<Metrics>('a registry of metrics', {
      counter: 'function',
      histogram: 'function',
      gauge: 'function',
      text: 'function',
    }).optional(),
    /** How long a command or query may take when its caller does not say. */
    timeoutMs: durationMsSchema.default(5_000),
    /** How long `close` waits for commands that were handed to the protocol. */
    closeTimeoutMs: durationMsSchema.default(1_000),
    /** How long a session of this member's callers lasts without a command, in cluster time. */
    sessionTimeoutMs: durationMsSchema.default(300_000),
    /** Length of a tick. */
    tickMs: durationMsSchema.max(1_000).default(10),
    /** The largest command, before its envelope. */
    commandBytesMax: bytesSchema.max(4 * 1024 * 1024).default(4 * 1024 * 1024),
    /** A snapshot is written after so many commands, or so many bytes of them, whichever comes first. */
    snapshotEveryEntries: z.int().min(1).default(10_000),
    snapshotEveryBytes: bytesSchema.default(64 * 1024 * 1024),
    /** How fast images are sent to members that lag, all of them together. */
    snapshotBytesPerSecond: bytesSchema.default(64 * 1024 * 1024),
    /** A member that lags fetches no longer image than this, nor for longer than this. */
    snapshotBytesMax: bytesSchema.default(64 * 1024 * 1024 * 1024),
    snapshotTimeoutMs: durationMsSchema.default(4 * 3_600_000),
    /** Inputs that wait for the loop. Over it frames of peers are lost, and over three quarters of it requests are refused. */
    mailboxInputsMax: z.int().min(16).default(65_536),
    /** Commands and queries under way at once. */
    requestsMax: z.int().min(1).default(65_536),
  })
  .refine((options) => Object.hasOwn(options.members, options.id), {
    path: ['id'],
    error: (issue) => `is not one of the members (${namesOfMembers(issue.input)})`,
  })

/** What `createReplica` takes. */
export interface ReplicaOptions<Machine extends MachineModule, Message, Admin> extends Omit<
  z.input<typeof replicaOptionsSchema>,
  'machine' | 'protocol'
> {
  readonly machine: Machine
  readonly protocol: ProtocolModule<Message, Admin>
}

/** Options after they were checked and completed. */
export type CheckedOptions = z.output<typeof replicaOptionsSchema>

/** The founding members, as a protocol wants them. */
export function foundingMembers(options: CheckedOptions): Members {
  const members = Object.entries(options.members).map(([id, given]) => ({
    id: nodeIdSchema.parse(id),
    address: typeof given === 'string' ? given : given.address,
    clientAddress: typeof given === 'string' ? null : (given.clientAddress ?? null),
    incarnation: null,
    role: 'voter' as const,
  }))
  return sortedMembers(members)
}

/** Where peers reach this member, as its own options say. */
export function addressOfSelf({ id, members }: CheckedOptions): string {
  const own = members[id]
  return typeof own === 'string' ? own : (own?.address ?? '')
}

/** Where clients reach this member, as its own options say. */
export function clientAddressOfSelf({ id, members }: CheckedOptions): string | null {
  const own = members[id]
  return typeof own === 'object' ? (own.clientAddress ?? null) : null
}

function namesOfMembers(options: unknown): string {
  const members: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, 'members') : null
  return typeof members === 'object' && members !== null ? Object.keys(members).join(', ') : 'none'
}
