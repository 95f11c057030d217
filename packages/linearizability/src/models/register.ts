import { isSameValue } from '../canonical.js'
import { describeValue, model, type Model, type Step } from '../model.js'

/** What can be asked of a register. `cas` writes `to` if the value is `from`. */
export type RegisterInput<Value> =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: Value }
  | { readonly kind: 'cas'; readonly from: Value; readonly to: Value }

/** A read returns the value, a `cas` whether it wrote; what a write returns is not looked at. */
export type RegisterOutput<Value> = Value | boolean | undefined

/** One value that is read, written, and compared and set. */
export function registerModel<Value>(initial: Value): Model<Value, RegisterInput<Value>, RegisterOutput<Value>> {
  return model<Value, RegisterInput<Value>, RegisterOutput<Value>>({
    name: 'register',
    initial,
    step(state, input, outcome): Step<Value, RegisterOutput<Value>> {
      switch (input.kind) {
        case 'read':
          if (outcome.kind === 'unknown' || isSameValue(outcome.output, state)) return { isLegal: true, state }
          return { isLegal: false, expected: state }
        case 'write':
          return { isLegal: true, state: input.value }
        case 'cas': {
          const isMet = isSameValue(state, input.from)
          if (outcome.kind === 'done' && outcome.output !== isMet) return { isLegal: false, expected: isMet }
          return { isLegal: true, state: isMet ? input.to : state }
        }
      }
    },
    isReadOnly: ({ kind }, outcome) =>
      kind === 'read' || (kind === 'cas' && outcome.kind === 'done' && outcome.output === false),
    describeInput(input) {
      switch (input.kind) {
        case 'read':
          return 'read()'
        case 'write':
          return `write(${describeValue(input.value)})`
        case 'cas':
          return `cas(${describeValue(input.from)} to ${describeValue(input.to)})`
      }
    },
    describeOutput: (output, { kind }) => (kind === 'write' ? 'ok' : describeValue(output)),
  })
}
