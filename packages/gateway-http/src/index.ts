/**
 * Commands and queries of any machine over HTTP.
 *
 * @packageDocumentation
 */
export { httpGateway, type HttpGateway } from './http-gateway.js'
export { httpHandler, type HttpListener } from './http-handler.js'
export {
  httpGatewayOptionsSchema,
  httpHandlerOptionsSchema,
  type HttpGatewayOptions,
  type HttpHandlerOptions,
  type ServedMachine,
  type ServedReplica,
} from './options.js'
export type { GatewayTlsMaterial, GatewayTlsOption } from './tls.js'
export type { MayBeClient, PeerCertificate } from '@quorate/contracts/node'
