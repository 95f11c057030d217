import {
  addressSchema,
  bindCalls,
  parseOptions,
  QuorateError,
  type Calls,
  type MachineModule,
} from '@quorate/contracts'
import { toJson } from '@quorate/machine'
import { Addresses } from './addresses.js'
import { Errand, type ErrandOrder } from './errand.js'
import type { HttpAnswer } from './http-port.js'
import { memberStatusSchema, type MemberStatus } from './member-status.js'
import {
  clientOptionsSchema,
  timeoutMsMax,
  timeoutMsSchema,
  type ClientCommandOptions,
  type ClientOptions,
  type ClientQueryOptions,
  type ClientSettings,
  type ClientStatusOptions,
} from './options.js'

/** The largest command that any member takes, and the largest body that a gateway reads, in bytes. */
const commandBytesMax = 4 * 1024 * 1024
const bodyBytesMax = 8 * 1024 * 1024

/** A cluster as its callers see it: one machine, wherever it is led from. */
export interface Client<Machine extends MachineModule> {
  /** The machine's commands. Each resolves once it is committed, durable on a majority, and applied. */
  readonly commands: Calls<Machine['commands'], ClientCommandOptions>
  /** The machine's queries: linearizable unless asked otherwise. */
  readonly queries: Calls<Machine['queries'], ClientQueryOptions>
  /** What the member at an address, or any member, says of itself. */
  status(address?: string, options?: ClientStatusOptions): Promise<MemberStatus>
  /** Ends what is under way, each with its true outcome, and every connection. Safe to call again. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A client of the cluster that serves this machine at these addresses. Connects when it is first used.
 *
 * Throws `INVALID_OPTIONS` for options that do not fit.
 */
export function createClient<Machine extends MachineModule>(given: ClientOptions<Machine>): Client<Machine> {
  const settings = parseOptions(clientOptionsSchema, given, 'the options of createClient')
  const errands = new Errands(settings)
  const carryOut = async (kind: Kind, request: Uint8Array, options: ClientQueryOptions, name: string, input: unknown) =>
    (await errands.run(orderOf(settings, kind, name, bodyOf(request, input), options))).bytes
  const commands: Machine['commands'] = given.machine.commands
  const queries: Machine['queries'] = given.machine.queries
  return {
    commands: bindCalls<Machine['commands'], ClientCommandOptions>(commands, (request, options = {}, name, input) =>
      carryOut('command', request, options, name, input),
    ),
    queries: bindCalls<Machine['queries'], ClientQueryOptions>(queries, (request, options = {}, name, input) =>
      carryOut('query', request, options, name, input),
    ),
    status: async (address, options = {}) => statusOf(await errands.run(statusOrder(settings, address, options))),
    close: () => errands.close(),
    [Symbol.asyncDispose]: () => errands.close(),
  }
}

type Kind = 'command' | 'query'

/** The errands under way, and the end of all of them. */
class Errands {
  readonly #settings: ClientSettings
  readonly #addresses: Addresses
  readonly #running = new Set<Errand>()
  #isClosed = false

  constructor(settings: ClientSettings) {
    this.#settings = settings
    this.#addresses = new Addresses(settings.addresses, settings.environment)
  }

  async run(order: ErrandOrder): Promise<HttpAnswer> {
    if (this.#isClosed) throw new QuorateError('STOPPED', 'this client was closed', { outcome: 'notDone' })
    if (this.#running.size >= this.#settings.requestsMax) {
      const message = `${this.#running.size} operations are under way and that is the limit: try again shortly`
      throw new QuorateError('OVERLOADED', message)
    }
    const errand = new Errand({ ...this.#settings, addresses: this.#addresses }, order)
    this.#running.add(errand)
    try {
      return await errand.run()
    } finally {
      this.#running.delete(errand)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const errand of [...this.#running]) errand.stop('STOPPED', 'this client was closed')
    await this.#settings.http.close()
  }
}

/** The input as its caller wrote it, as JSON can say it: members check it with the machine's schema again. */
function bodyOf(request: Uint8Array, input: unknown): string | null {
  const body = input === undefined ? null : JSON.stringify(toJson(input, 'the input'))
  if (request.length > commandBytesMax || (body !== null && body.length > bodyBytesMax)) {
    const message = `the input has ${request.length} bytes, ${body?.length ?? 0} as JSON, and the limit is ${commandBytesMax}: split it`
    throw new QuorateError('COMMAND_TOO_LARGE', message)
  }
  return body
}

function orderOf(
  settings: ClientSettings,
  kind: Kind,
  name: string,
  body: string | null,
  options: ClientQueryOptions,
): ErrandOrder {
  const { consistency } = options
  if (consistency !== undefined && consistency !== 'linearizable' && consistency !== 'local') {
    throw new TypeError(`consistency is "linearizable" or "local", not "${String(consistency)}"`)
  }
  const isQuery = kind === 'query'
  const path = `/v1/${isQuery ? 'queries' : 'commands'}/${encodeURIComponent(name)}`
  const more = isQuery ? `&consistency=${consistency ?? 'linearizable'}` : ''
  return {
    what: `the ${kind} "${name}"`,
    method: 'POST',
    path: (timeoutMs) => `${path}?timeoutMs=${timeoutMs}${more}`,
    body,
    accept: `application/x-quorate+${settings.machine.codec}`,
    isRepeatable: isQuery,
    mayLag: isQuery && consistency === 'local',
    address: null,
    ...limitsOf(settings, options),
  }
}

function statusOrder(settings: ClientSettings, address: string | undefined, options: ClientStatusOptions): ErrandOrder {
  if (address !== undefined && !addressSchema.safeParse(address).success) {
    throw new TypeError(`"${address}" is no address of a member: use one like "127.0.0.1:8001"`)
  }
  return {
    what: 'the question for the status',
    method: 'GET',
    path: () => `/v1/status?digest=${options.digest === true}`,
    body: null,
    accept: 'application/json',
    isRepeatable: true,
    mayLag: true,
    address: address ?? null,
    ...limitsOf(settings, options),
  }
}

function limitsOf(
  settings: ClientSettings,
  { timeoutMs = settings.timeoutMs, signal }: ClientCommandOptions,
): Pick<ErrandOrder, 'timeoutMs' | 'signal'> {
  if (timeoutMsSchema.safeParse(timeoutMs).success) return { timeoutMs, signal }
  throw new TypeError(`timeoutMs must be a whole number of milliseconds from 1 to ${timeoutMsMax}, not ${timeoutMs}`)
}

function statusOf(answer: HttpAnswer): MemberStatus {
  try {
    return memberStatusSchema.parse(JSON.parse(answer.text()))
  } catch (error) {
    const message = 'the status of this member is none that this version can read'
    throw new QuorateError('UNSUPPORTED', message, { cause: error })
  }
}
