import { describeValue, sequentialModel, type Model, type ModelTraits } from '../model.js'

/**
 * A state machine in the shape of Quorate's `defineMachine`: commands change the state that they are given, queries only read
 * it. Whatever has this shape will do.
 */
export interface MachineShape<State> {
  readonly name: string
  /** Makes the first state, a new one at each call. */
  initial(): State
  readonly commands: Readonly<Record<string, { apply(state: State, input: unknown, context: unknown): unknown }>>
  readonly queries: Readonly<Record<string, { read(state: State, input: unknown): unknown }>>
}

/** A command or query by its name, with the input that it was given. */
export type MachineInput =
  { readonly command: string; readonly input?: unknown } | { readonly query: string; readonly input?: unknown }

/** What a machine does not say itself. */
export interface MachineModelOptions<State> extends Pick<
  ModelTraits<State, MachineInput, unknown>,
  'key' | 'partition'
> {
  /** Copies a state, because commands change it; unless told otherwise a copy of plain values, maps, sets and bytes. */
  readonly copy?: (state: State) => State
  /** What commands get as their context. A machine whose results depend on time or position cannot be judged by its calls. */
  readonly context?: unknown
}

/** A model of a state machine of one's own: the functions that are replicated are the measure of what clients saw. */
export function machineModel<State>(
  machine: MachineShape<State>,
  options: MachineModelOptions<State> = {},
): Model<State, MachineInput, unknown> {
  const { copy = copyOf, context = null, ...traits } = options
  return sequentialModel<State, MachineInput, unknown>({
    ...traits,
    name: machine.name,
    initial: machine.initial(),
    apply(before, operation) {
      if ('query' in operation) {
        return { state: before, output: named(machine.queries, operation.query).read(before, operation.input) }
      }
      const state = copy(before)
      return { state, output: named(machine.commands, operation.command).apply(state, operation.input, context) }
    },
    isReadOnly: (operation) => 'query' in operation,
    describeInput(operation) {
      const input = operation.input === undefined ? '' : describeValue(operation.input)
      return `${'query' in operation ? operation.query : operation.command}(${input})`
    },
  })
}

function named<Definition>(definitions: Readonly<Record<string, Definition>>, name: string): Definition {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
  if (definition === undefined) throw new TypeError(`the machine has no command or query "${name}"`)
  return definition
}

function copyOf<Value>(value: Value): Value
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each: unknown) => copyOf(each))
  if (value instanceof Uint8Array) return value.slice()
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [copyOf(key), copyOf(each)] as const))
  if (value instanceof Set) return new Set([...value].map((each: unknown) => copyOf(each)))
  return Object.fromEntries(Object.entries(value).map(([key, each]: [string, unknown]) => [key, copyOf(each)]))
}
