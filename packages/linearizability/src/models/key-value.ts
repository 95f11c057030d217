import { isSameValue } from '../canonical.js'
import { describeValue, model, type Model, type Step } from '../model.js'

/**
 * What can be asked of a key-value store. `null` is the value of a key that is not there; `append` puts a text behind the
 * one that is there, or begins one; `cas` puts `to` if the value is `from`.
 */
export type KeyValueInput<Value> =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: Value }
  | { readonly kind: 'append'; readonly key: string; readonly value: string }
  | { readonly kind: 'cas'; readonly key: string; readonly from: Value | null; readonly to: Value | null }
  | { readonly kind: 'delete'; readonly key: string }

/**
 * A `get` returns the value or `null`, a `cas` whether it put. A `delete` that returns a boolean says whether the key was
 * there; what else a `delete`, a `put` or an `append` returns is not looked at.
 */
export type KeyValueOutput<Value> = Value | string | boolean | null | undefined

/** A key-value store, all keys absent at first, partitioned by key: its state is the value of one key. */
export function keyValueModel<Value = string>(): Model<
  Value | string | null,
  KeyValueInput<Value>,
  KeyValueOutput<Value>
> {
  type State = Value | string | null
  return model<State, KeyValueInput<Value>, KeyValueOutput<Value>>({
    name: 'key-value',
    initial: null,
    partition: ({ key }) => key,
    step(state, input, outcome): Step<State, KeyValueOutput<Value>> {
      const isDone = outcome.kind === 'done'
      switch (input.kind) {
        case 'get':
          if (!isDone || isSameValue(outcome.output, state)) return { isLegal: true, state }
          return { isLegal: false, expected: state }
        case 'put':
          return { isLegal: true, state: input.value }
        case 'append': {
          const text = state ?? ''
          return typeof text === 'string' ? { isLegal: true, state: text + input.value } : { isLegal: false }
        }
        case 'cas': {
          const isMet = isSameValue(state, input.from)
          if (isDone && outcome.output !== isMet) return { isLegal: false, expected: isMet }
          return { isLegal: true, state: isMet ? input.to : state }
        }
        case 'delete': {
          const wasThere = state !== null
          if (isDone && typeof outcome.output === 'boolean' && outcome.output !== wasThere) {
            return { isLegal: false, expected: wasThere }
          }
          return { isLegal: true, state: null }
        }
      }
    },
    isReadOnly: ({ kind }, outcome) =>
      kind === 'get' || (kind === 'cas' && outcome.kind === 'done' && outcome.output === false),
    describeInput: describeKeyValueInput,
    describeOutput: (output, { kind }) => (kind === 'put' || kind === 'append' ? 'ok' : describeValue(output)),
  })
}

function describeKeyValueInput(input: KeyValueInput<unknown>): string {
  const key = describeValue(input.key)
  switch (input.kind) {
    case 'get':
    case 'delete':
      return `${input.kind}(${key})`
    case 'put':
    case 'append':
      return `${input.kind}(${key}, ${describeValue(input.value)})`
    case 'cas':
      return `cas(${key}, ${describeValue(input.from)} to ${describeValue(input.to)})`
  }
}
