import {
  assert,
  equalBytes,
  QuorateError,
  seededRandom,
  type ApplyContext,
  type ClusterTime,
  type StateMachine,
} from '@quorate/contracts'
import { canonicalValue, decodeSlices, encodeSlices } from './canonical.js'
import { codecId, decodeValue, encodeValue } from './codec.js'
import type { MachineTraits } from './definition.js'
import { decodeRequest, type WithInput } from './operation.js'

interface PlainCommand<State> extends WithInput {
  readonly apply: (state: State, input: unknown, context: ApplyContext) => unknown
}

interface PlainQuery<State> extends WithInput {
  readonly read: (state: State, input: unknown) => unknown
}

/** A definition after its types were forgotten. */
export interface PlainDefinition<State> extends MachineTraits<State> {
  readonly commands: Readonly<Record<string, PlainCommand<State>>>
  readonly queries: Readonly<Record<string, PlainQuery<State>>>
}

const checkedBytesMax = 1024 * 1024
const checkedEvery = 1_000

/** One life of a machine. */
export class DefinedMachine<State> implements StateMachine {
  readonly name: string
  readonly version: number
  readonly codec = codecId
  readonly snapshotHoldsApply: boolean
  readonly #definition: PlainDefinition<State>
  #state: State
  #isLarge = false

  constructor(definition: PlainDefinition<State>) {
    this.name = definition.name
    this.version = definition.version
    this.snapshotHoldsApply = definition.snapshot === undefined
    this.#definition = definition
    this.#state = definition.initial()
  }

  apply(command: Uint8Array, context: ApplyContext): Uint8Array {
    const { name, input } = decodeRequest('command', command)
    const definition = this.#definition.commands[name]
    if (!definition) throw new TypeError(`the machine "${this.name}" has no command "${name}"`)
    const copy = this.#copyToCheck(context)
    const dice = context.random.state()
    const result = encodeValue(settled(name, definition.apply(this.#state, input, context)))
    if (copy === null) return result
    const again = definition.apply(copy.state, decodeRequest('command', command).input, {
      ...context,
      random: seededRandom(dice),
    })
    this.#checkEqual(name, { result, state: this.#state }, { result: encodeValue(again), state: copy.state })
    return result
  }

  query(query: Uint8Array): Uint8Array {
    const { name, input } = decodeRequest('query', query)
    const definition = this.#definition.queries[name]
    if (!definition) throw new QuorateError('INVALID_COMMAND', `the machine "${this.name}" has no query "${name}"`)
    return encodeValue(settled(name, definition.read(this.#state, input)))
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return this.#definition.snapshot?.write(this.#state) ?? encodeSlices(this.#state)
  }

  async restore(image: AsyncIterable<Uint8Array>): Promise<void> {
    this.#state = this.#definition.snapshot
      ? await this.#definition.snapshot.read(image)
      : ((await decodeSlices(image)) as State)
  }

  nextDeadline(): ClusterTime | null {
    return this.#definition.nextDeadline?.(this.#state) ?? null
  }

  /** A copy of the state, when this command is one to check. A state with a snapshot of its own is not copied. */
  #copyToCheck(context: ApplyContext): { readonly state: State } | null {
    const { checkDeterminism = false, snapshot } = this.#definition
    if (!checkDeterminism || snapshot) return null
    if (this.#isLarge && context.position % checkedEvery !== 0) return null
    const bytes = encodeValue(canonicalValue(this.#state))
    this.#isLarge = bytes.length > checkedBytesMax
    return { state: decodeValue(bytes) as State }
  }

  #checkEqual(name: string, one: Applied<State>, other: Applied<State>): void {
    const isSame =
      equalBytes(one.result, other.result) &&
      equalBytes(encodeValue(canonicalValue(one.state)), encodeValue(canonicalValue(other.state)))
    const hint = 'it may read a clock, dice or something outside the state: use the context it is given'
    assert(isSame, `the command "${name}" of machine "${this.name}" came out differently the second time; ${hint}`)
  }
}

interface Applied<State> {
  readonly result: Uint8Array
  readonly state: State
}

function settled(name: string, result: unknown): unknown {
  if (result instanceof Promise)
    throw new TypeError(`"${name}" returned a promise: commands and queries are synchronous`)
  return result
}
