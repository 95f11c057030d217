/**
 * A journal in memory: for tests, and for clusters whose members may forget.
 *
 * @packageDocumentation
 */
export { memoryStorage } from './memory-storage.js'
