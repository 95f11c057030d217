import {
  addressSchema,
  bytesSchema,
  durationMsSchema,
  environmentSchema,
  loggerSchema,
  portSchema,
  silentLogger,
  type MachineModule,
} from '@quorate/contracts'
import { nodeEnvironment, type MayBeClient } from '@quorate/contracts/node'
import type { Replica } from '@quorate/replica'
import { z } from 'zod'
import { gatewayTlsSchema } from './tls.js'

/** What the gateway needs of a replica: any that runs the machine will do. */
export type ServedReplica = Pick<
  Replica,
  'id' | 'clusterId' | 'propose' | 'query' | 'openSession' | 'closeSession' | 'hasSession' | 'status' | 'metrics' | 'on'
>

/** What the gateway needs of a machine: how its operations cross the wire. */
export type ServedMachine = Pick<MachineModule, 'name' | 'version' | 'codec' | 'commands' | 'queries'>

/** The largest body, and the largest that may be asked for (decision D34): a command of 4 MiB as base64, and room. */
export const bodyBytesMax = 8 * 1024 * 1024

const hostNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,253}$/, { error: 'must be a name like "api.example.com", without a port' })
  .transform((name) => name.toLowerCase())

const handlerShape = {
  /** The member that answers. */
  replica: portSchema<ServedReplica>('a running replica', {
    id: 'string',
    clusterId: 'string',
    propose: 'function',
    query: 'function',
    openSession: 'function',
    closeSession: 'function',
    hasSession: 'function',
    status: 'function',
    metrics: 'function',
    on: 'function',
  }),
  /** The machine that it runs. */
  machine: portSchema<ServedMachine>('a machine, as defineMachine makes them', {
    name: 'string',
    codec: 'string',
    commands: 'object',
    queries: 'object',
  }),
  /** The largest body of a request. */
  bodyBytesMax: bytesSchema.max(bodyBytesMax).default(bodyBytesMax),
  /** How many values a body may hold: each item, each value of a key, each object and each list is one. */
  bodyValuesMax: z.int().min(1).max(1_048_576).default(2_000),
  /**
   * The part of each limit that one client address (of IPv6, one /64) may take: of the bytes, the requests and, in
   * `httpGateway`, the connections below. Behind a proxy, where all come from one, set it to 1.
   */
  addressShare: z.number().gt(0).max(1).default(0.5),
  /** Commands, queries and sessions under way at once; more are refused as `OVERLOADED`. */
  requestsMax: z.int().min(1).default(32_768),
  /** Requests of one connection that have not their whole answer yet; one with more is ended. */
  connectionRequestsMax: z.int().min(1).default(16),
  /** What all requests under way may hold in their bodies together; above it they are refused as `OVERLOADED`. */
  pendingBytesMax: bytesSchema.default(256 * 1024 * 1024),
  /** What all answers that have not left yet may hold together; above it they become `OVERLOADED`, unless alone. */
  pendingAnswerBytesMax: bytesSchema.default(256 * 1024 * 1024),
  /** Sessions that one client address may open at once, and then in a second; more are refused as `OVERLOADED`. */
  sessionsBurst: z.int().min(1).default(200),
  sessionsPerSecond: z.number().positive().default(2),
  /** Requests that wait for somebody to lead at once; more are refused as `OVERLOADED`. */
  waitingMax: z.int().min(1).default(10_000),
  /** How long a request waits for somebody to lead, before it is refused and its sender can try another member. */
  leaderTimeoutMs: durationMsSchema.default(1_000),
  /** How long the receiver of an answer may take nothing of it. */
  answerTimeoutMs: durationMsSchema.default(30_000),
  /** Names that requests may come under, other than IP addresses, `localhost` and those of the members' client addresses. */
  hostNames: z.array(hostNameSchema).default([]),
  /**
   * Whether whoever shows this certificate may send requests; null where none was asked for, shown and checked. It narrows
   * down what the connection let in. One that throws refuses.
   */
  mayBeClient: z
    .custom<MayBeClient>((given) => typeof given === 'function', { error: 'must be a function of a certificate' })
    .optional(),
  /** Time: Node's unless a test brings its own. */
  environment: environmentSchema.default(nodeEnvironment()),
  /** Hears what went wrong unexpectedly. */
  logger: loggerSchema.default(silentLogger),
}

const serverShape = {
  /** `host:port` to listen on; port 0 for any free one. */
  address: addressSchema,
  /** Speak https: with these certificates, or with what a function gives at each new connection. */
  tls: gatewayTlsSchema.optional(),
  /** Connections at once; more are closed as they come. */
  connectionsMax: z.int().min(1).max(65_535).default(1_024),
  /** How long the head of a request may take to arrive. */
  headersTimeoutMs: durationMsSchema.default(10_000),
  /** How long a whole request may take to arrive. */
  requestTimeoutMs: durationMsSchema.default(30_000),
  /** How long an idle connection is kept. Clients should give up theirs earlier. */
  keepAliveTimeoutMs: durationMsSchema.default(60_000),
  /** How long `close` lets running requests finish. */
  closeTimeoutMs: durationMsSchema.default(5_000),
}

interface Sizes {
  readonly bodyBytesMax: number
  readonly pendingBytesMax: number
}

const roomForOne = ({ bodyBytesMax, pendingBytesMax }: Sizes): boolean => bodyBytesMax <= pendingBytesMax
const roomForOneError = { path: ['pendingBytesMax'], error: 'must not be below bodyBytesMax' }

/** Options of `httpHandler` with their defaults. Durations in milliseconds, sizes in bytes. */
export const httpHandlerOptionsSchema = z.strictObject(handlerShape).refine(roomForOne, roomForOneError)

/** Options of `httpGateway` with their defaults. Durations in milliseconds, sizes in bytes. */
export const httpGatewayOptionsSchema = z
  .strictObject({ ...handlerShape, ...serverShape })
  .refine(roomForOne, roomForOneError)
  .refine(({ headersTimeoutMs, requestTimeoutMs }) => headersTimeoutMs <= requestTimeoutMs, {
    path: ['requestTimeoutMs'],
    error: 'must not be below headersTimeoutMs',
  })

/** What may be said to `httpHandler`. */
export type HttpHandlerOptions = z.input<typeof httpHandlerOptionsSchema>

/** What may be said to `httpGateway`. */
export type HttpGatewayOptions = z.input<typeof httpGatewayOptionsSchema>

/** Options of a handler with every default filled in. */
export type HandlerSettings = z.output<typeof httpHandlerOptionsSchema>

/** Options of a gateway with every default filled in. */
export type GatewaySettings = z.output<typeof httpGatewayOptionsSchema>
