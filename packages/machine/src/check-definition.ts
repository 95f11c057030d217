import type { StandardSchemaV1 } from '@standard-schema/spec'
import { isPromise, refusePromise } from '@quorate/contracts'
import { encodeValue } from './codec.js'
import type { MachineTraits } from './definition.js'
import { describeKind } from './plain.js'

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
const versionMax = 0xffff_ffff

/** A definition of whatever state. */
export interface GivenDefinition extends Omit<
  MachineTraits<object>,
  'snapshot' | 'nextDeadline' | 'expire' | 'migrate'
> {
  readonly commands: object
  readonly queries: object
  readonly snapshot?: object
  readonly nextDeadline?: unknown
  readonly expire?: unknown
  readonly migrate?: unknown
}

/** Throws a `TypeError` that says what cannot work in a definition, where it is made and not where it first hurts. */
export function checkDefinition(definition: GivenDefinition): void {
  const { name, version, commands, queries } = definition
  checkName('a machine', name)
  if (!Number.isInteger(version) || version < 1 || version > versionMax) {
    throw new TypeError(`the version of machine "${name}" is a whole number from 1 to 2^32-1, not ${String(version)}`)
  }
  checkInitial(definition)
  checkTime(definition)
  if (definition.migrate !== undefined && typeof definition.migrate !== 'function') {
    throw new TypeError(`migrate of machine "${name}" is a function, not ${describeKind(definition.migrate)}`)
  }
  checkOperations(definition, 'command', 'apply', commands)
  checkOperations(definition, 'query', 'read', queries)
}

function checkInitial({ name, initial, snapshot, checkDeterminism }: GivenDefinition): void {
  if (typeof initial !== 'function') {
    throw new TypeError(`machine "${name}" needs initial(), which makes its first state`)
  }
  checkIsNotAsync(initial, `initial() of machine "${name}"`)
  const state: unknown = initial()
  refusePromise(state, `initial() of machine "${name}"`)
  if (typeof state !== 'object' || state === null) {
    throw new TypeError(
      `initial() of machine "${name}" returns ${describeKind(state)}, which commands cannot change: put it into an object`,
    )
  }
  if (state === initial()) {
    throw new TypeError(
      `initial() of machine "${name}" returns the same object twice: make a new one each time, or two lives share a state`,
    )
  }
  if (snapshot === undefined) checkIsPlain(name, state)
  else if (checkDeterminism === true) {
    throw new TypeError(
      `machine "${name}" cannot have both checkDeterminism and a snapshot of its own, of which no copy is made at once`,
    )
  }
}

/** A deadline that nothing is done about would come again and again; what expires without one is never told the time. */
function checkTime({ name, nextDeadline, expire }: GivenDefinition): void {
  for (const [which, given] of Object.entries({ nextDeadline, expire })) {
    if (given === undefined) continue
    if (typeof given !== 'function') {
      throw new TypeError(`${which} of machine "${name}" is a function, not ${describeKind(given)}`)
    }
    checkIsNotAsync(given, `${which}() of machine "${name}"`)
  }
  if ((nextDeadline === undefined) !== (expire === undefined)) {
    const [given, missing] = expire === undefined ? ['nextDeadline', 'expire'] : ['expire', 'nextDeadline']
    throw new TypeError(
      `machine "${name}" has ${given}() and needs ${missing}() beside it: one says when, the other drops what is due`,
    )
  }
}

function checkIsPlain(machine: string, state: object): void {
  try {
    encodeValue(state)
  } catch (error) {
    const message = `the state of machine "${machine}" cannot be put into a snapshot; give the machine a snapshot of its own`
    throw new TypeError(`${message}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function checkOperations(
  { name: machine, version }: GivenDefinition,
  kind: string,
  method: 'apply' | 'read',
  operations: unknown,
): void {
  if (typeof operations !== 'object' || operations === null) {
    throw new TypeError(
      `machine "${machine}" needs an object where its definition of each ${kind} stands, also an empty one`,
    )
  }
  for (const [name, operation] of Object.entries(operations)) {
    checkName(`a ${kind}`, name)
    const run: unknown = Reflect.get(Object(operation), method)
    if (typeof run !== 'function') {
      throw new TypeError(`the ${kind} "${name}" of machine "${machine}" needs ${method}()`)
    }
    checkIsNotAsync(run, `${method}() of the ${kind} "${name}"`)
    checkInput(kind, name, Reflect.get(Object(operation), 'input'))
    checkSince(kind, name, Reflect.get(Object(operation), 'since'), version)
  }
}

function checkSince(kind: string, name: string, since: unknown, version: number): void {
  if (since === undefined) return
  if (typeof since === 'number' && Number.isInteger(since) && since >= 1 && since <= version) return
  const message = `the ${kind} "${name}" exists since a version of the machine, a whole number from 1 to its version ${version}, not ${typeof since === 'number' ? since : describeKind(since)}`
  throw new TypeError(`${message}: raise the version of the machine with its commands`)
}

function checkInput(kind: string, name: string, input: unknown): void {
  if (input === undefined) return
  if (!isSchema(input)) {
    throw new TypeError(`the input of the ${kind} "${name}" is no schema: use zod, or any Standard Schema`)
  }
  if (answersLater(input)) {
    throw new TypeError(`the ${kind} "${name}" has an asynchronous schema: inputs are checked within the call`)
  }
}

/** Such a function answers later, whatever it does: by then the member would have gone on. */
function checkIsNotAsync(run: object, what: string): void {
  if (run.constructor.name === 'AsyncFunction') {
    throw new TypeError(`${what} is asynchronous: it has to finish within the call`)
  }
}

function isSchema(input: unknown): input is StandardSchemaV1 {
  return (typeof input === 'object' || typeof input === 'function') && input !== null && '~standard' in input
}

/**
 * Whether a schema shows by a first input that it answers later. One that looks at the type before it asks somebody else
 * shows it only when it is used, and is refused there.
 */
function answersLater(schema: StandardSchemaV1): boolean {
  try {
    const answer = schema['~standard'].validate(undefined)
    if (!isPromise(answer)) return false
    answer.then(undefined, () => undefined)
    return true
  } catch {
    return false
  }
}

function checkName(what: string, name: unknown): void {
  if (typeof name === 'string' && namePattern.test(name)) return
  throw new TypeError(`"${String(name)}" cannot name ${what}: use a letter, then up to 63 letters, digits, _ or -`)
}
