/**
 * Campaigns of the simulator on Node.js.
 *
 * @packageDocumentation
 */
export type { TraceEvent } from '../trace.js'
