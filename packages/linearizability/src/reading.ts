import { z } from 'zod'
import type { Limits } from './budget.js'
import { findCounterexample, type Counterexample } from './counterexample.js'
import type { History } from './history.js'
import { judgeHistory, type Judgement } from './judge.js'
import type { Model } from './model.js'
import { counterModel, type CounterInput, type CounterOutput } from './models/counter.js'
import { keyValueModel, type KeyValueInput } from './models/key-value.js'
import { registerModel, type RegisterInput } from './models/register.js'

/** A history that was read from a file, with the model that its file names. */
export interface ReadHistory {
  readonly id: string
  /** The line that it begins in; the first is 1. */
  readonly line: number
  readonly model: string
  /** What the file says that it is, for checking the checker; null if it says nothing. */
  readonly isLinearizable: boolean | null
  readonly history: History<unknown, unknown>
  judge(limits?: Limits): Judgement<unknown, unknown>
  /** See `findCounterexample`. */
  counterexample(limits?: Limits): Counterexample<unknown, unknown> | null
}

/** What a file says of a history beside its operations. */
export interface Heading {
  readonly id: string
  readonly line: number
  readonly model: string
  readonly isLinearizable: boolean | null
}

/** A model as files name it: what its inputs and outputs look like there, and how it is made of its initial value. */
export interface NamedModel<State, Input, Output> {
  readonly input: z.ZodType<Input>
  readonly output: z.ZodType<Output>
  readonly create: (initial: unknown) => Model<State, Input, Output>
}

// JSON has no `undefined`: a result that is left out is one.
const anything = z.unknown()
const key = z.string()

/** A register of any JSON value. */
export const registers: NamedModel<unknown, RegisterInput<unknown>, unknown> = {
  input: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('read') }),
    z.strictObject({ kind: z.literal('write'), value: anything }),
    z.strictObject({ kind: z.literal('cas'), from: anything, to: anything }),
  ]),
  output: anything,
  create: (initial: unknown) => registerModel<unknown>(initial ?? null),
}

/** A key-value store of any JSON values. */
export const keyValueStores: NamedModel<unknown, KeyValueInput<unknown>, unknown> = {
  input: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('get'), key }),
    z.strictObject({ kind: z.literal('put'), key, value: anything }),
    z.strictObject({ kind: z.literal('append'), key, value: z.string() }),
    z.strictObject({ kind: z.literal('cas'), key, from: anything, to: anything }),
    z.strictObject({ kind: z.literal('delete'), key }),
  ]),
  output: anything,
  create: () => keyValueModel<unknown>(),
}

/** A counter. */
export const counters: NamedModel<number, CounterInput, CounterOutput> = {
  input: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('read') }),
    z.strictObject({ kind: z.literal('add'), by: z.number() }),
  ]),
  output: z.number().nullish(),
  create: (initial: unknown) =>
    counterModel(
      z
        .number()
        .default(0)
        .parse(initial ?? undefined),
    ),
}

/** The history with the model it is judged by, both forgotten of their types. */
export function withModel<State, Input, Output>(
  heading: Heading,
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): ReadHistory {
  return {
    ...heading,
    history,
    judge: (limits) => judgeHistory(history, model, limits),
    counterexample: (limits) => findCounterexample(history, model, limits),
  }
}
