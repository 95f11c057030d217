/**
 * Typed commands and queries on a deterministic state machine.
 *
 * @packageDocumentation
 */
export { defineMachine } from './define-machine.js'
export type { CommandDefinition, MachineTraits, QueryDefinition, SnapshotDefinition } from './definition.js'
export { fromJson, toJson } from './json-form.js'
