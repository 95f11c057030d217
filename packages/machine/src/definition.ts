import type { ApplyContext, Operation } from '@quorate/contracts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** What a schema lets through; nothing where there is none. */
export type OutputOf<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : void

/** What a caller passes for a schema; nothing where there is none. */
export type InputOf<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Schema> : void

/** What a command may know beside its input: all of it replicated. */
export interface CommandContext extends ApplyContext {
  /** The version that the cluster runs at: the same at one position on every member, whatever code each of them has. */
  readonly version: number
}

/** A command: changes the state, and returns what its caller gets. Synchronous and deterministic. */
export interface CommandDefinition<State, Schema> {
  /**
   * Version of the machine since which it exists: before that version is active in the cluster it is refused
   * `VERSION_NOT_ACTIVE` (decision D26). Default: 1, since the beginning.
   */
  readonly since?: number
  /** Checks the input where the command is proposed; what is replicated is the schema's output (decision D28). */
  readonly input?: Schema
  readonly apply: (state: State, input: OutputOf<Schema>, context: CommandContext) => unknown
}

/** A query: reads the state and changes nothing. */
export interface QueryDefinition<State, Schema> {
  /** Version of the machine since which it exists; before that version is active it is refused `VERSION_NOT_ACTIVE`. */
  readonly since?: number
  readonly input?: Schema
  readonly read: (state: State, input: OutputOf<Schema>) => unknown
}

/** A snapshot of the machine's own, for states that can be copied in no time. */
export interface SnapshotDefinition<State> {
  /**
   * Canonical bytes of the state **at the call**, whatever is applied while they are read. Members on older code read
   * them while `version`, the active one, is theirs: they are written as that version wrote them.
   */
  readonly write: (state: State, version: number) => AsyncIterable<Uint8Array>
  /** `version`: the one that was active when the image was written. The state is of its shape, and migrated later. */
  readonly read: (image: AsyncIterable<Uint8Array>, version: number) => Promise<State>
}

/** What belongs to a machine beside its commands and queries. */
export interface MachineTraits<State> {
  readonly name: string
  /** The newest version that this code knows: larger is newer (decision D26). The cluster runs at it once all members know it. */
  readonly version: number
  /** Makes the first state, a new one at each call: always that of version 1. What later versions changed, {@link migrate} does. */
  readonly initial: () => State
  /**
   * Brings the state of version `from` to version `from + 1`, and returns it: the same object or another. Called when the
   * cluster activates a later version, once for each step, on every member at one position. As deterministic as a command.
   * Default: the state stays as it is.
   */
  readonly migrate?: (state: State, from: number) => State
  readonly snapshot?: SnapshotDefinition<State>
  /**
   * When something in the state expires, in milliseconds of cluster time; null, or `Infinity`, if nothing does. A part of a
   * millisecond counts as a whole one.
   */
  readonly nextDeadline?: (state: State) => number | null
  /** Drops what has expired by `context.clusterTime`: called some time after the deadline has come, commands or none. */
  readonly expire?: (state: State, context: CommandContext) => void
  /**
   * Applies commands a second time on a copy, and stops the replica when the two differ: every command while the state
   * is below 1 MiB, else one in 1,000 (decision D29). Each time costs an encoding of the state, so it is for development
   * and tests. Not with a snapshot of the machine's own. Default: false.
   */
  readonly checkDeterminism?: boolean
}

/** Commands by name, each with the input that its own schema lets through. */
export type CommandDefinitions<State, Schemas> = {
  readonly [Name in keyof Schemas]: CommandDefinition<State, Schemas[Name]>
}

/** Queries by name, each with the input that its own schema lets through. */
export type QueryDefinitions<State, Schemas> = {
  readonly [Name in keyof Schemas]: QueryDefinition<State, Schemas[Name]>
}

/** Commands or queries as callers see them: the input of each one's schema, and what its function returns. */
export type OperationsOf<Definitions, Schemas, Function extends 'apply' | 'read'> = {
  readonly [Name in keyof Definitions]: Operation<
    Name extends keyof Schemas ? InputOf<Schemas[Name]> : void,
    Definitions[Name] extends Record<Function, (...given: never[]) => infer Result> ? Result : never
  >
}
