import { sequentialModel, type Model } from '../src/model.js'
import type { KeyValueInput, KeyValueOutput } from '../src/models/key-value.js'

type Store = Readonly<Record<string, string | null>>

/** The key-value store once more, with all keys in one state and one right output for each operation. */
export function wholeStoreModel(): Model<Store, KeyValueInput<string>, KeyValueOutput<string>> {
  return sequentialModel<Store, KeyValueInput<string>, KeyValueOutput<string>>({
    name: 'whole-store',
    initial: {},
    apply(store, input) {
      const before = store[input.key] ?? null
      const put = (value: string | null): Store => ({ ...store, [input.key]: value })
      switch (input.kind) {
        case 'get':
          return { state: store, output: before }
        case 'put':
          return { state: put(input.value), output: null }
        case 'append':
          return { state: put(before === null ? input.value : before + input.value), output: null }
        case 'cas':
          return before === input.from ? { state: put(input.to), output: true } : { state: store, output: false }
        case 'delete':
          return { state: put(null), output: before !== null }
      }
    },
    // A delete may keep to itself whether something was there.
    isSameOutput: (seen, right) => seen === right || (seen === null && typeof right === 'boolean'),
  })
}
