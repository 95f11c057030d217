/**
 * Whole clusters in virtual time, from one seed.
 *
 * @packageDocumentation
 */
export type { TraceEvent } from './trace.js'
