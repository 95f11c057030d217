/**
 * The client for Node.js: real time, real dice, HTTP over `node:http`.
 *
 * @packageDocumentation
 */
export { nodeEnvironment } from '@quorate/contracts/node'
export { createClient, type NodeClientOptions } from './create-client.js'
export { nodeHttp, nodeHttpOptionsSchema, type NodeHttpOptions } from './node-http.js'
export type { ClientTlsMaterial, ClientTlsOption } from './tls.js'
