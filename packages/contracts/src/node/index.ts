/**
 * The real world, for Node.js.
 *
 * @packageDocumentation
 */
export { nodeEnvironment } from './environment.js'
