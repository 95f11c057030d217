import type { History, Operation } from '../../src/history.js'
import type { KeyValueInput, KeyValueOutput } from '../../src/models/key-value.js'

/** What a random run is like. */
export interface RunShape {
  readonly seed: number
  readonly operations: number
  readonly clients: number
  readonly keys: number
  readonly values: number
  /** How many of 100 calls get no answer; half of them take effect, at some time. */
  readonly unknownPercent: number
}

type KeyValueOperation = Operation<KeyValueInput<string>, KeyValueOutput<string>>

interface Pending {
  readonly client: number
  readonly input: KeyValueInput<string>
  readonly invokedAt: number
  readonly isUnknown: boolean
  output: KeyValueOutput<string>
  hasEffect: boolean
}

/**
 * A run of a store that really takes one operation after the other, so that its history is linearizable: random clients call,
 * at some time after that the operation takes effect, and at some time after that it returns. All from the seed.
 */
export function randomRun(shape: RunShape): History<KeyValueInput<string>, KeyValueOutput<string>> {
  const die = dice(shape.seed)
  const store = new Map<string, string>()
  const idle = Array.from({ length: shape.clients }, (_, client) => client)
  const pending: Pending[] = []
  const late: Pending[] = []
  const history: KeyValueOperation[] = []
  let stamp = 0
  for (let called = 0; called < shape.operations || pending.length > 0;) {
    const choice = die(3)
    if (choice === 0 && called < shape.operations) {
      const client = idle.splice(die(Math.max(idle.length, 1)), 1)[0]
      if (client === undefined) continue
      called += 1
      const isUnknown = die(100) < shape.unknownPercent
      const input = randomInput(die, shape)
      pending.push({ client, input, invokedAt: (stamp += 1), isUnknown, output: null, hasEffect: false })
    } else if (choice === 1) {
      takeEffect([...pending, ...late][die(Math.max(pending.length + late.length, 1))], store)
    } else {
      const at = die(Math.max(pending.length, 1))
      const operation = pending[at]
      if (operation === undefined || !(operation.hasEffect || operation.isUnknown)) continue
      pending.splice(at, 1)
      idle.push(operation.client)
      if (!operation.hasEffect && die(2) === 0) late.push(operation)
      history.push(ended(operation, (stamp += 1)))
    }
  }
  return history
}

function ended({ client, input, invokedAt, isUnknown, output }: Pending, stamp: number): KeyValueOperation {
  const called = { process: client, input, invokedAt }
  return isUnknown
    ? { ...called, outcome: { kind: 'unknown' }, returnedAt: null }
    : { ...called, outcome: { kind: 'done', output }, returnedAt: stamp }
}

function randomInput(die: (sides: number) => number, { keys, values }: RunShape): KeyValueInput<string> {
  const key = `k${die(keys)}`
  const value = `v${die(values)}`
  const choice = die(10)
  if (choice < 5) return { kind: 'get', key }
  if (choice < 8) return { kind: 'put', key, value }
  return choice < 9 ? { kind: 'cas', key, from: `v${die(values)}`, to: value } : { kind: 'delete', key }
}

function takeEffect(operation: Pending | undefined, store: Map<string, string>): void {
  if (operation === undefined || operation.hasEffect) return
  operation.hasEffect = true
  const { input } = operation
  const before = store.get(input.key) ?? null
  operation.output = before
  if (input.kind === 'put') store.set(input.key, input.value)
  if (input.kind === 'delete') operation.output = store.delete(input.key)
  if (input.kind !== 'cas') return
  operation.output = before === input.from
  if (before === input.from && input.to !== null) store.set(input.key, input.to)
}

/** Numbers below `sides`, the same for the same seed (mulberry32). */
export function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides
  }
}
