/**
 * Typed commands and queries on a deterministic state machine.
 *
 * @packageDocumentation
 */
export { defineMachine } from './define-machine.js'
export type {
  CommandContext,
  CommandDefinition,
  CommandDefinitions,
  InputOf,
  MachineTraits,
  OperationsOf,
  OutputOf,
  QueryDefinition,
  QueryDefinitions,
  SnapshotDefinition,
} from './definition.js'
export { readImage, writeImage } from './image.js'
export { fromJson, toExactJson, toJson } from './json-form.js'
