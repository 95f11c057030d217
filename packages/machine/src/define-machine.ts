import { cutText, QuorateError, type MachineModule, type Operation } from '@quorate/contracts'
import { checkDefinition } from './check-definition.js'
import { codecId } from './codec.js'
import type { CommandDefinitions, MachineTraits, OperationsOf, QueryDefinitions } from './definition.js'
import { DefinedMachine, ownEntry, type PlainDefinition } from './machine.js'
import { decodeRequest, nameCharactersMax, operationOf, type WithInput } from './operation.js'

/**
 * Writes a state machine down once: its commands and queries with the types of their inputs and results.
 *
 * Commands change the state in place (they cannot replace it by another) and return what the caller gets. They are
 * deterministic: the same state, input and context give the same, on every member and for ever. What exists since a later
 * version says so (`since`), and is refused until the whole cluster runs code that knows it. Throws a `TypeError` for a
 * definition that cannot work.
 */
export function defineMachine<
  State extends object,
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
    sinceOf: (command: Uint8Array) => {
      const { name } = decodeRequest('command', command)
      const found = ownEntry(plain.commands, name)
      if (found !== null) return found.since ?? 1
      throw new QuorateError(
        'INVALID_COMMAND',
        `the machine "${definition.name}" has no command "${cutText(name, nameCharactersMax)}"`,
      )
    },
    create: () => new DefinedMachine(plain),
  })
}

function operationsOf(kind: 'command' | 'query', definitions: Readonly<Record<string, WithInput>>): unknown {
  const operations: Record<string, Operation<unknown, unknown>> = {}
  for (const [name, definition] of Object.entries(definitions)) operations[name] = operationOf(kind, name, definition)
  return Object.freeze(operations)
}
