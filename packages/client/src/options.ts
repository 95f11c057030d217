import {
  addressSchema,
  durationMsSchema,
  environmentSchema,
  portSchema,
  type AbortSignalLike,
  type MachineModule,
} from '@quorate/contracts'
import { z } from 'zod'
import type { HttpPort } from './http-port.js'

/** The longest that an operation may take: ten minutes. */
export const timeoutMsMax = 600_000

/** A deadline, in milliseconds from now. */
export const timeoutMsSchema = durationMsSchema.max(timeoutMsMax)

/** What the client needs of a machine: how its operations cross the wire. */
export type CalledMachine = Pick<MachineModule, 'name' | 'codec' | 'commands' | 'queries'>

/** Options of `createClient` with their defaults. Durations in milliseconds. */
export const clientOptionsSchema = z.strictObject({
  /** The machine that the members run. */
  machine: portSchema<CalledMachine>('a machine, as defineMachine makes them', {
    name: 'string',
    codec: 'string',
    commands: 'object',
    queries: 'object',
  }),
  /** Client addresses of members: some of them will do, the leader is found from any. */
  addresses: z.array(addressSchema).min(1).max(64),
  /** How long an operation may take when its caller does not say. */
  timeoutMs: timeoutMsSchema.default(5_000),
  /** How long `close` tries to end the client's sessions in the cluster; what is not reached by then expires there. */
  closeTimeoutMs: durationMsSchema.default(500),
  /** False for commands that belong to no session, and are not sent again once they may have reached a member. */
  sessions: z.boolean().default(true),
  /**
   * How long an operation waits for a connection to one member, and a query or a command in a session then for its answer,
   * before it tries another; doubles each time.
   */
  attemptTimeoutMs: durationMsSchema.default(1_000),
  /** Pause before the first retry; doubles each time, with jitter. */
  retryMinMs: durationMsSchema.default(10),
  /** Longest such pause. */
  retryMaxMs: durationMsSchema.max(60_000).default(500),
  /** Operations under way at once; more are refused as `OVERLOADED`. */
  requestsMax: z.int().min(1).default(10_000),
  environment: environmentSchema,
  http: portSchema<HttpPort>('a way to send HTTP', { send: 'function', close: 'function' }),
})

/** What `createClient` takes. */
export interface ClientOptions<Machine extends MachineModule> extends Omit<
  z.input<typeof clientOptionsSchema>,
  'machine'
> {
  readonly machine: Machine
}

/** Options after they were checked and completed. */
export type ClientSettings = z.output<typeof clientOptionsSchema>

/** Options of one command. Deadline and signal cover the whole of it, retries included. */
export interface ClientCommandOptions {
  /** Until when, in milliseconds from now. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignalLike
}

/** Options of one query. `local` reads what one of the given addresses has, which may lag; `linearizable` never does. */
export interface ClientQueryOptions extends ClientCommandOptions {
  readonly consistency?: 'linearizable' | 'local'
}

/** Options of one look at a member's status. */
export interface ClientStatusOptions extends ClientCommandOptions {
  /** True to have the digest of its state too, for which the member reads all of it. */
  readonly digest?: boolean
}
