import {
  assert,
  clusterTime,
  cutText,
  describeError,
  equalBytes,
  QuorateError,
  refusePromise,
  seededRandom,
  type ApplyContext,
  type ClusterTime,
  type StateMachine,
} from '@quorate/contracts'
import { codecId, decodeValue, encodeValue } from './codec.js'
import type { CommandContext, MachineTraits } from './definition.js'
import { describeDifference, firstDifference } from './first-difference.js'
import { decodeRequest, nameCharactersMax, type WithInput } from './operation.js'
import { describeKind } from './plain.js'
import { readStateImage, writeStateImage } from './state-image.js'

interface PlainCommand<State> extends WithInput {
  readonly apply: (state: State, input: unknown, context: CommandContext) => unknown
}

interface PlainQuery<State> extends WithInput {
  readonly read: (state: State, input: unknown) => unknown
}

/** A definition after its types were forgotten. */
export interface PlainDefinition<State> extends MachineTraits<State> {
  readonly commands: Readonly<Record<string, PlainCommand<State>>>
  readonly queries: Readonly<Record<string, PlainQuery<State>>>
}

/** What a new life runs at: `initial` makes a state of it (decision D26). */
const firstVersion = 1

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
  #active = firstVersion
  #isLarge = false

  constructor(definition: PlainDefinition<State>) {
    this.name = definition.name
    this.version = definition.version
    this.snapshotHoldsApply = definition.snapshot === undefined
    this.#definition = definition
    this.#state = definition.initial()
  }

  get activeVersion(): number {
    return this.#active
  }

  apply(command: Uint8Array, given: ApplyContext): Uint8Array {
    const { name, input } = decodeRequest('command', command)
    const definition = ownEntry(this.#definition.commands, name)
    if (definition === null || (definition.since ?? firstVersion) > this.#active) {
      const message = `version ${this.#active} of the machine "${this.name}" has no command "${cutText(name, nameCharactersMax)}"`
      throw new QuorateError('INVALID_COMMAND', message)
    }
    const context = this.#contextOf(given)
    const copy = this.#copyToCheck(context)
    const dice = context.random.state()
    const result = encodeValue(checkIsThere(name, applied(definition, this.#state, input, context)))
    if (copy === null) return result
    const again = applied(definition, copy.state, decodeRequest('command', command).input, {
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
      throw new QuorateError(
        'INVALID_COMMAND',
        `the machine "${this.name}" has no query "${cutText(name, nameCharactersMax)}"`,
      )
    }
    if ((definition.since ?? firstVersion) > this.#active) {
      const message = `the query "${name}" exists since version ${definition.since} of the machine, and version ${this.#active} is active here`
      throw new QuorateError('VERSION_NOT_ACTIVE', message)
    }
    return encodeValue(checkIsThere(name, definition.read(this.#state, input)))
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return this.#definition.snapshot?.write(this.#state, this.#active) ?? writeStateImage(this.#state)
  }

  async restore(image: AsyncIterable<Uint8Array>, version: number): Promise<void> {
    this.#checkVersion(version)
    this.#state = await this.#stateOf(image, version)
    this.#active = version
  }

  /** One step after the other, so that newer code that replays old activations does what the code of then did. */
  activate(version: number): void {
    this.#checkVersion(version)
    while (this.#active < version) {
      this.#migrate(this.#active)
      this.#active += 1
    }
  }

  nextDeadline(): ClusterTime | null {
    const deadline = this.#definition.nextDeadline?.(this.#state) ?? null
    refusePromise(deadline, `nextDeadline() of machine "${this.name}"`)
    if (deadline === null || deadline > Number.MAX_SAFE_INTEGER) return null
    if (typeof deadline === 'number' && !Number.isNaN(deadline)) return clusterTime(Math.max(0, Math.ceil(deadline)))
    throw new TypeError(
      `nextDeadline of the machine "${this.name}" gave ${deadline}: return milliseconds of cluster time, or null`,
    )
  }

  expire(context: ApplyContext): void {
    const returned: unknown = this.#definition.expire?.(this.#state, this.#contextOf(context))
    refusePromise(returned, `expire() of machine "${this.name}"`)
  }

  nameOf(command: Uint8Array): string {
    return decodeRequest('command', command).name
  }

  async describeDifference(image: AsyncIterable<Uint8Array>): Promise<string | null> {
    const found = firstDifference(this.#state, await this.#stateOf(image, this.#active), 'state')
    if (found === null) return null
    const advice =
      this.#definition.checkDeterminism === true
        ? 'checkDeterminism is on and found no command of it: look for what differs between processes'
        : `checkDeterminism: true in the definition of machine "${this.name}" finds the command that did it`
    return `${describeDifference(found)}; ${advice}`
  }

  #contextOf(given: ApplyContext): CommandContext {
    return { ...given, version: this.#active }
  }

  #checkVersion(version: number): void {
    assert(
      version >= firstVersion && version <= this.version,
      () => `version ${version} of machine "${this.name}" is beyond its newest, ${this.version}`,
    )
  }

  async #stateOf(image: AsyncIterable<Uint8Array>, version: number): Promise<State> {
    const { snapshot } = this.#definition
    return snapshot ? snapshot.read(image, version) : ((await readStateImage(image)) as State)
  }

  #migrate(from: number): void {
    const { migrate, checkDeterminism } = this.#definition
    if (migrate === undefined) return
    const copy = checkDeterminism === true ? encodeValue(this.#state) : null
    this.#state = migrated(from, migrate(this.#state, from))
    if (copy === null) return
    const again = migrated(from, migrate(decodeValue(copy) as State, from))
    const isSame = equalBytes(encodeValue(this.#state), encodeValue(again))
    assert(isSame, () => {
      const found = firstDifference(this.#state, again, 'state')
      const where = found === null ? '' : `: ${describeDifference(found)}`
      return `migrate() of machine "${this.name}" from version ${from} came out differently the second time${where}`
    })
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
    assert(isSame, () => {
      const found =
        firstDifference(decodeValue(one.result), decodeValue(other.result), 'result') ??
        firstDifference(one.state, other.state, 'state')
      const where = found === null ? 'their bytes differ' : describeDifference(found)
      return (
        `the command "${name}" of machine "${this.name}" came out differently the second time ` +
        `(checkDeterminism applies commands twice): ${where}; ${hint}`
      )
    })
  }
}

/** The state that a migration returned. */
function migrated<State extends object>(from: number, state: State): State {
  const given: unknown = state
  refusePromise(given, `migrate() from version ${from}`)
  if (typeof given === 'object' && given !== null) return state
  throw new TypeError(`migrate() from version ${from} returns the state, not ${describeKind(given)}`)
}

/** What a command returned. A refusal that its own code throws comes too late to be one: it may have changed the state. */
function applied<State>(command: PlainCommand<State>, state: State, input: unknown, context: CommandContext): unknown {
  try {
    return command.apply(state, input, context)
  } catch (error) {
    if (error instanceof QuorateError) throw new TypeError(describeError(error), { cause: error })
    throw error
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
