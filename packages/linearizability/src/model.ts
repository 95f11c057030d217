import { canonicalText, isSameValue } from './canonical.js'
import type { Outcome } from './history.js'

/** Whether an operation may come next, and what the state is then. `expected` is what it should have returned instead. */
export type Step<State, Output> =
  { readonly isLegal: true; readonly state: State } | { readonly isLegal: false; readonly expected?: Output }

/** What is optional about a model: how its values are compared, cut apart and shown. */
export interface ModelTraits<State, Input, Output> {
  readonly name: string
  /** A text that is equal for equal states and for no others; {@link canonicalText} unless told otherwise. */
  readonly key?: (state: State) => string
  /**
   * True of an operation that leaves **every** state as it is, whatever that state is: a read, a comparison that failed.
   * The search takes such operations as soon as they are legal, so a false claim makes verdicts wrong.
   */
  readonly isReadOnly?: (input: Input, outcome: Outcome<Output>) => boolean
  /**
   * Names the part of the state that an operation is about. Operations of different parts must not see each other: then
   * a history is linearizable exactly if each part is, and many small searches replace a large one.
   */
  readonly partition?: (input: Input) => string
  readonly describeInput?: (input: Input) => string
  readonly describeOutput?: (output: Output, input: Input) => string
  readonly describeState?: (state: State) => string
}

/** A model by its steps: for what may have several legal outputs. */
export interface ModelDefinition<State, Input, Output> extends ModelTraits<State, Input, Output> {
  readonly initial: State
  /**
   * May this operation come next in this state? It must not change `state`. With an unknown outcome any output will do,
   * and the next state must not depend on it.
   */
  readonly step: (state: State, input: Input, outcome: Outcome<Output>) => Step<State, Output>
}

/** What one object does that takes one operation after the other: what concurrent histories are measured by. */
export type Model<State, Input, Output> = Required<ModelDefinition<State, Input, Output>>

/** A model by its function: for what has one right output in each state. */
export interface SequentialDefinition<State, Input, Output> extends ModelTraits<State, Input, Output> {
  readonly initial: State
  /** What the object does: it must not change `state`, and return the same for the same. */
  readonly apply: (state: State, input: Input) => { readonly state: State; readonly output: Output }
  /** Whether an output that was seen is the right one; equal all the way down unless told otherwise. */
  readonly isSameOutput?: (seen: Output, right: Output) => boolean
}

/** Makes a model of its steps, with what it leaves open filled in. */
export function model<State, Input, Output>(
  definition: ModelDefinition<State, Input, Output>,
): Model<State, Input, Output> {
  return {
    key: canonicalText,
    isReadOnly: () => false,
    partition: () => '',
    describeInput: describeValue,
    describeOutput: describeValue,
    describeState: describeValue,
    ...definition,
  }
}

/** Makes a model of a function that says what the one right output is. */
export function sequentialModel<State, Input, Output>(
  definition: SequentialDefinition<State, Input, Output>,
): Model<State, Input, Output> {
  const { apply, isSameOutput = isSameValue, ...rest } = definition
  return model<State, Input, Output>({
    ...rest,
    step(state, input, outcome) {
      const right = apply(state, input)
      if (outcome.kind === 'done' && !isSameOutput(outcome.output, right.output)) {
        return { isLegal: false, expected: right.output }
      }
      return { isLegal: true, state: right.state }
    },
  })
}

/** Any plain value as a short text for people. */
export function describeValue(value: unknown): string {
  return value === undefined ? 'nothing' : canonicalText(value)
}
