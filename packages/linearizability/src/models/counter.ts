import { model, type Model, type Step } from '../model.js'

/** What can be asked of a counter. */
export type CounterInput = { readonly kind: 'read' } | { readonly kind: 'add'; readonly by: number }

/** A read returns the value. An `add` that returns a number returns the value after it; anything else is not looked at. */
export type CounterOutput = number | null | undefined

/** A number that is added to. */
export function counterModel(initial = 0): Model<number, CounterInput, CounterOutput> {
  return model<number, CounterInput, CounterOutput>({
    name: 'counter',
    initial,
    step(state, input, outcome): Step<number, CounterOutput> {
      const after = input.kind === 'add' ? state + input.by : state
      const isTold = outcome.kind === 'done' && (input.kind === 'read' || typeof outcome.output === 'number')
      if (isTold && outcome.output !== after) return { isLegal: false, expected: after }
      return { isLegal: true, state: after }
    },
    isReadOnly: ({ kind }) => kind === 'read',
    describeInput: (input) => (input.kind === 'read' ? 'read()' : `add(${input.by})`),
    describeOutput: (output) => (typeof output === 'number' ? String(output) : 'ok'),
  })
}
