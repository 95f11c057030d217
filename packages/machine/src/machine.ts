import {
  assert,
  equalBytes,
  QuorateError,
  refusePromise,
  seededRandom,
  type ApplyContext,
  type ClusterTime,
  type StateMachine,
} from '@quorate/contracts'
import { codecId, decodeValue, encodeValue } from './codec.js'
import type { MachineTraits } from './definition.js'
import { decodeRequest, type WithInput } from './operation.js'
import { readStateImage, writeStateImage } from './state-image.js'

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
export class DefinedMachine<State extends object> implements StateMachine {
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
    const definition = ownEntry(this.#definition.commands, name)
    if (definition === null) throw new TypeError(`the machine "${this.name}" has no command "${name}"`)
    const copy = this.#copyToCheck(context)
    const dice = context.random.state()
    const result = encodeValue(checkIsThere(name, definition.apply(this.#state, input, context)))
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
    const definition = ownEntry(this.#definition.queries, name)
    if (definition === null) {
      throw new QuorateError('INVALID_COMMAND', `the machine "${this.name}" has no query "${name}"`)
    }
    return encodeValue(checkIsThere(name, definition.read(this.#state, input)))
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return this.#definition.snapshot?.write(this.#state) ?? writeStateImage(this.#state)
  }

  async restore(image: AsyncIterable<Uint8Array>): Promise<void> {
    this.#state = this.#definition.snapshot
      ? await this.#definition.snapshot.read(image)
      : ((await readStateImage(image)) as State)
  }

  nextDeadline(): ClusterTime | null {
    const deadline = this.#definition.nextDeadline?.(this.#state) ?? null
    refusePromise(deadline, `nextDeadline() of machine "${this.name}"`)
    return deadline
  }

  expire(context: ApplyContext): void {
    const returned: unknown = this.#definition.expire?.(this.#state, context)
    refusePromise(returned, `expire() of machine "${this.name}"`)
  }

  /** A copy of the state as a restored member would have it, when this command is one to check. */
  #copyToCheck(context: ApplyContext): { readonly state: State } | null {
    if (this.#definition.checkDeterminism !== true) return null
    if (this.#isLarge && context.position % checkedEvery !== 0) return null
    const bytes = encodeValue(this.#state)
    this.#isLarge = bytes.length > checkedBytesMax
    return { state: decodeValue(bytes) as State }
  }

  #checkEqual(name: string, one: Applied<State>, other: Applied<State>): void {
    const isSame = equalBytes(one.result, other.result) && equalBytes(encodeValue(one.state), encodeValue(other.state))
    const hint =
      'it may read a clock, dice or something else outside the state (use the context it is given), ' +
      'or the state may hold one object at two places (which are two after a restore)'
    assert(isSame, `the command "${name}" of machine "${this.name}" came out differently the second time: ${hint}`)
  }
}

interface Applied<State> {
  readonly result: Uint8Array
  readonly state: State
}

/** What stands under a name that came in bytes, and not what every object inherits. */
export function ownEntry<Entry>(entries: Readonly<Record<string, Entry>>, name: string): Entry | null {
  return Object.hasOwn(entries, name) ? (entries[name] ?? null) : null
}

/** The result, unless it is still to come: by then the member would have gone on. */
function checkIsThere(name: string, result: unknown): unknown {
  refusePromise(result, `"${name}"`)
  return result
}
