/**
 * A typed client: finds the leader, follows it, and says of each failure whether it happened.
 *
 * @packageDocumentation
 */
export { createClient, type Client } from './client.js'
export type { HttpAnswer, HttpCall, HttpExchange, HttpPort } from './http-port.js'
export { memberStatusSchema, type MemberStatus } from './member-status.js'
export {
  clientOptionsSchema,
  type ClientCommandOptions,
  type ClientOptions,
  type ClientQueryOptions,
  type ClientStatusOptions,
} from './options.js'
