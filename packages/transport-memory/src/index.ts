/**
 * Frames between members of one process, over a hub that delays, loses, duplicates, reorders and cuts from a seed.
 *
 * @packageDocumentation
 */
export { memoryTransport, memoryTransportOptionsSchema, type MemoryTransportOptions } from './memory-transport.js'
export { memoryHub, type MemoryHub } from './hub.js'
export { memoryFaultsSchema, memoryHubOptionsSchema, type MemoryFaults, type MemoryHubOptions } from './faults.js'
