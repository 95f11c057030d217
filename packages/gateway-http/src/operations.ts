import type { IncomingMessage } from 'node:http'
import { QuorateError, type JsonValue, type Operation, type Operations } from '@quorate/contracts'
import { fromJson, toJson } from '@quorate/machine'
import type { RawResult } from '@quorate/replica'
import { declaresBody, type Answer } from './answer.js'
import { checkBodyType, parseJson, readBody } from './body.js'
import type { Client } from './client-addresses.js'
import { checkCluster } from './cluster.js'
import { FailingTime } from './failing-time.js'
import type { LeaderWatch } from './leader-watch.js'
import type { HandlerSettings } from './options.js'
import { commandParameters, parseParameters, queryParameters } from './parameters.js'
import type { Quota } from './quota.js'
import { HttpRefusal, isExpected, unexpected } from './refusal.js'
import type { TurnBudget } from './turn-budget.js'

/** One request for an operation, with everything that belongs to it. */
export interface OperationRequest {
  readonly kind: 'commands' | 'queries'
  readonly name: string
  readonly search: string
  readonly client: Client
  readonly request: IncomingMessage
  readonly answer: Answer
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** Carries out commands and queries that arrive over HTTP. */
export class ServedOperations {
  readonly #settings: HandlerSettings
  readonly #pending: Quota
  readonly #failing: FailingTime
  readonly #leader: LeaderWatch
  readonly #turns: TurnBudget
  readonly #machineType: string

  constructor(settings: HandlerSettings, pending: Quota, leader: LeaderWatch, turns: TurnBudget) {
    this.#settings = settings
    this.#turns = turns
    this.#pending = pending
    this.#failing = new FailingTime(settings.environment, settings.addressShare)
    this.#leader = leader
    this.#machineType = `application/x-quorate+${settings.machine.codec}`
  }

  async serve(served: OperationRequest): Promise<void> {
    const { kind, client, request, answer } = served
    const operation = this.#operation(served)
    const wantsBytes = this.#wantsMachineBytes(request)
    checkBodyType(request)
    let held = 0
    let isInDoubt = false
    try {
      const carryOut = await this.#prepare(served, operation, (count) => (held += count))
      isInDoubt = kind === 'commands'
      const { position, result } = await carryOut()
      const { hint } = this.#leader
      if (wantsBytes) answer.bytes(200, this.#machineType, result, { ...hint, 'quorate-position': String(position) })
      else {
        await this.#turns.run(client.network, () =>
          answer.json(200, { result: jsonOf(operation.decodeResult(result), position), position }, hint),
        )
      }
    } catch (error) {
      throw isExpected(error) ? error : unexpected(error, isInDoubt ? 'unknown' : 'notDone')
    } finally {
      this.#pending.of(client).give(held)
    }
  }

  #operation({ kind, name }: OperationRequest): Operation<unknown, unknown> {
    const { machine } = this.#settings
    const operations: Operations = machine[kind]
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
    if (operation) return operation
    const names = Object.keys(operations).join(', ')
    const message = `machine "${machine.name}" has no "${name}" among its ${kind}: ${names} (version ${machine.version}, the newest that this member has)`
    throw new HttpRefusal(404, 'INVALID_COMMAND', message)
  }

  /** True if the sender asked for the result as the machine encodes it, which it can only read in the same codec. */
  #wantsMachineBytes(request: IncomingMessage): boolean {
    const { accept = '' } = request.headers
    if (!accept.startsWith('application/x-quorate+')) return false
    if (accept === this.#machineType) return true
    throw new HttpRefusal(406, 'UNSUPPORTED', `the results of this machine are ${this.#machineType}, not ${accept}`)
  }

  /** Everything that can refuse a request before anything has happened. Returns what makes it happen. */
  async #prepare(
    { kind, search, client, request, signal }: OperationRequest,
    operation: Operation<unknown, unknown>,
    onHeld: (count: number) => void,
  ): Promise<() => Promise<RawResult>> {
    const { replica } = this.#settings
    if (kind === 'commands') {
      const { timeoutMs, cluster, ...place } = parseParameters(commandParameters, search)
      checkCluster(replica, cluster)
      checkCluster(replica, place.session?.id.clusterId)
      const command = await this.#encoded(operation, client, request, onHeld)
      const leftMs = await this.#leader.whenLed(timeoutMs, client, signal)
      return () => replica.propose(command, { timeoutMs: leftMs, signal, ...place })
    }
    const { timeoutMs, consistency, cluster } = parseParameters(queryParameters, search)
    checkCluster(replica, cluster)
    const query = await this.#encoded(operation, client, request, onHeld)
    const leftMs = consistency === 'local' ? timeoutMs : await this.#leader.whenLed(timeoutMs, client, signal)
    return () => replica.query(query, { timeoutMs: leftMs, signal, consistency })
  }

  async #encoded(
    operation: Operation<unknown, unknown>,
    client: Client,
    request: IncomingMessage,
    onHeld: (count: number) => void,
  ): Promise<Uint8Array> {
    const { bodyBytesMax, bodyValuesMax } = this.#settings
    if (declaresBody(request)) this.#failing.check(client)
    const bounds = { bytesMax: bodyBytesMax, valuesMax: bodyValuesMax }
    const body = await readBody(request, bounds, this.#pending.of(client), onHeld)
    return this.#turns.run(client.network, () => {
      // Others of this client may have failed while it was read, or waited.
      if (body.length > 0) this.#failing.check(client)
      return this.#failing.run(client, () => encoded(operation, body))
    })
  }
}

/** The request as the machine encodes it, of an input that its schema has let through (decision D28). */
function encoded(operation: Operation<unknown, unknown>, body: Uint8Array): Uint8Array {
  if (!operation.takesInput) {
    if (body.length === 0) return operation.encode(undefined)
    throw new HttpRefusal(400, 'INVALID_COMMAND', 'this operation takes no input: send no body')
  }
  try {
    return operation.encode(body.length === 0 ? undefined : fromJson(parseJson(body)))
  } catch (error) {
    // What reading runs into, of its own or of the stack's depth, is the fault of the input; all else is ours.
    if (error instanceof RangeError) throw new HttpRefusal(400, 'INVALID_COMMAND', 'the body is nested too deeply')
    if (error instanceof TypeError)
      throw new HttpRefusal(400, 'INVALID_COMMAND', `the body does not fit: ${error.message}`)
    throw error
  }
}

/** The result as JSON. That it cannot be said so changes nothing: it was carried out. */
function jsonOf(result: unknown, position: number): JsonValue {
  try {
    return toJson(result, 'the result')
  } catch (error) {
    const why = error instanceof TypeError ? error.message : 'it is nested too deeply'
    const message = `it was carried out at position ${position}, but its result cannot be sent as JSON: ${why}`
    throw new QuorateError('UNSUPPORTED', message, { outcome: 'unknown', cause: error })
  }
}
