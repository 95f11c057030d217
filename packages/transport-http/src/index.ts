/**
 * Frames between members over HTTP.
 *
 * @packageDocumentation
 */
export { httpTransport, type HttpHandler, type HttpTransport } from './http-transport.js'
export { httpTransportOptionsSchema, type HttpTransportOptions, type PeerUrl, type RequestFunction } from './options.js'
