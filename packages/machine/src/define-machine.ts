import type { MachineModule, Operation } from '@quorate/contracts'
import { codecId } from './codec.js'
import type { CommandDefinitions, MachineTraits, OperationsOf, QueryDefinitions } from './definition.js'
import { DefinedMachine, type PlainDefinition } from './machine.js'
import { operationOf, type WithInput } from './operation.js'

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

/**
 * Writes a state machine down once: its commands and queries with the types of their inputs and results.
 *
 * Commands change the state in place and return what the caller gets. They are deterministic: the same state, input and
 * context give the same, on every member and for ever. Throws a `TypeError` for a definition that cannot work.
 */
export function defineMachine<
  State,
  CommandSchemas,
  QuerySchemas,
  Commands extends { readonly [Name in keyof CommandSchemas]: object },
  Queries extends { readonly [Name in keyof QuerySchemas]: object },
>(
  definition: MachineTraits<State> & {
    readonly commands: CommandDefinitions<State, CommandSchemas> & Commands
    readonly queries: QueryDefinitions<State, QuerySchemas> & Queries
  },
): MachineModule<OperationsOf<Commands, CommandSchemas, 'apply'>, OperationsOf<Queries, QuerySchemas, 'read'>> {
  checkDefinition(definition)
  const plain = definition as unknown as PlainDefinition<State>
  return Object.freeze({
    name: definition.name,
    version: definition.version,
    codec: codecId,
    commands: operationsOf('command', plain.commands) as OperationsOf<Commands, CommandSchemas, 'apply'>,
    queries: operationsOf('query', plain.queries) as OperationsOf<Queries, QuerySchemas, 'read'>,
    create: () => new DefinedMachine(plain),
  })
}

function operationsOf(kind: 'command' | 'query', definitions: Readonly<Record<string, WithInput>>): unknown {
  const operations: Record<string, Operation<unknown, unknown>> = {}
  for (const [name, definition] of Object.entries(definitions)) operations[name] = operationOf(kind, name, definition)
  return Object.freeze(operations)
}

function checkDefinition(
  definition: Pick<MachineTraits<unknown>, 'name' | 'version' | 'initial'> & { commands: object; queries: object },
): void {
  const { name, version, initial, commands, queries } = definition
  checkName('a machine', name)
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new TypeError(`the version of machine "${name}" is a whole number from 1, not ${String(version)}`)
  }
  if (typeof initial !== 'function')
    throw new TypeError(`machine "${name}" needs initial(), which makes its first state`)
  checkOperations(name, 'command', 'apply', commands)
  checkOperations(name, 'query', 'read', queries)
}

function checkOperations(machine: string, kind: string, method: 'apply' | 'read', operations: object): void {
  for (const [name, operation] of Object.entries(operations ?? {})) {
    checkName(`a ${kind}`, name)
    const run: unknown = Reflect.get(Object(operation), method)
    if (typeof run !== 'function')
      throw new TypeError(`the ${kind} "${name}" of machine "${machine}" needs ${method}()`)
    if (run.constructor.name === 'AsyncFunction') {
      throw new TypeError(`${method}() of the ${kind} "${name}" is asynchronous: it has to finish within the call`)
    }
    const input: unknown = Reflect.get(Object(operation), 'input')
    if (input !== undefined && !hasStandard(input)) {
      throw new TypeError(`the input of the ${kind} "${name}" is no schema: use zod, or any Standard Schema`)
    }
  }
}

function hasStandard(input: unknown): boolean {
  return (typeof input === 'object' || typeof input === 'function') && input !== null && '~standard' in input
}

function checkName(what: string, name: string): void {
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw new TypeError(`"${String(name)}" cannot name ${what}: use a letter, then up to 63 letters, digits, _ or -`)
  }
}
