import type { ApplyContext, ClusterTime, Operation } from '@quorate/contracts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** What a schema lets through; nothing where there is none. */
export type OutputOf<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : void

/** What a caller passes for a schema; nothing where there is none. */
export type InputOf<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Schema> : void

/** A command: changes the state, and returns what its caller gets. Synchronous and deterministic. */
export interface CommandDefinition<State, Schema> {
  /** Checks the input where the command is proposed; what is replicated is the schema's output (decision D28). */
  readonly input?: Schema
  readonly apply: (state: State, input: OutputOf<Schema>, context: ApplyContext) => unknown
}

/** A query: reads the state and changes nothing. */
export interface QueryDefinition<State, Schema> {
  readonly input?: Schema
  readonly read: (state: State, input: OutputOf<Schema>) => unknown
}

/** A snapshot of the machine's own, for states that can be copied in no time. */
export interface SnapshotDefinition<State> {
  /** Canonical bytes of the state **at the call**, whatever is applied while they are read. */
  readonly write: (state: State) => AsyncIterable<Uint8Array>
  readonly read: (image: AsyncIterable<Uint8Array>) => Promise<State>
}

/** What belongs to a machine beside its commands and queries. */
export interface MachineTraits<State> {
  readonly name: string
  /** Version of the commands: larger is newer (decision D26). */
  readonly version: number
  /** Makes the first state, a new one at each call. */
  readonly initial: () => State
  readonly snapshot?: SnapshotDefinition<State>
  /** When something in the state expires, in cluster time. */
  readonly nextDeadline?: (state: State) => ClusterTime | null
  /** Drops what has expired by `context.clusterTime`: called some time after the deadline has come, commands or none. */
  readonly expire?: (state: State, context: ApplyContext) => void
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
