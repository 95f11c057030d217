/// <reference lib="esnext.disposable" preserve="true" />
import { bindDecoded, parseOptions, type Calls, type MachineModule } from '@quorate/contracts'
import { Errands } from './errands.js'
import type { MemberStatus } from './member-status.js'
import {
  clientOptionsSchema,
  type ClientCommandOptions,
  type ClientOptions,
  type ClientQueryOptions,
  type ClientStatusOptions,
} from './options.js'
import { commandOrder, queryOrder, statusOrder } from './orders.js'

/** A cluster as its callers see it: one machine, wherever it is led from. */
export interface Client<Machine extends MachineModule> {
  /**
   * The machine's commands. Each resolves once it is committed, durable on a majority, and applied: exactly once, however
   * often it had to be sent.
   */
  readonly commands: Calls<Machine['commands'], ClientCommandOptions>
  /** The machine's queries: linearizable unless asked otherwise. */
  readonly queries: Calls<Machine['queries'], ClientQueryOptions>
  /** What the member at an address, or any member, says of itself. */
  status(address?: string, options?: ClientStatusOptions): Promise<MemberStatus>
  /**
   * Ends what is under way, each with its true outcome, then the client's sessions in the cluster as far as a member can be
   * reached within `closeTimeoutMs`, and every connection. Safe to call again.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A client of the cluster that serves this machine at these addresses. Connects when it is first used, and opens a
 * session at its first command.
 *
 * Throws `INVALID_OPTIONS` for options that do not fit.
 */
export function createClient<Machine extends MachineModule>(given: ClientOptions<Machine>): Client<Machine> {
  const settings = parseOptions(clientOptionsSchema, given, 'the options of createClient')
  const errands = new Errands(settings)
  const commands: Machine['commands'] = given.machine.commands
  const queries: Machine['queries'] = given.machine.queries
  return {
    commands: bindDecoded<Machine['commands'], ClientCommandOptions>(commands, async (called, options = {}) =>
      errands.run(commandOrder(settings, called, options)),
    ),
    queries: bindDecoded<Machine['queries'], ClientQueryOptions>(queries, async (called, options = {}) =>
      errands.run(queryOrder(settings, called, options)),
    ),
    status: async (address, options = {}) => errands.run(statusOrder(settings, address, options)),
    close: () => errands.close(),
    [Symbol.asyncDispose]: () => errands.close(),
  }
}
