/**
 * Frames between members over TCP.
 *
 * @packageDocumentation
 */
export { tcpTransport } from './tcp-transport.js'
export { tcpTransportOptionsSchema, type TcpTransportOptions } from './options.js'
