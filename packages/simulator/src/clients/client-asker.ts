import { createClient, type Client, type HttpPort } from '@quorate/client'
import {
  QuorateError,
  type ErrorCode,
  type MachineModule,
  type Operation,
  type Operations,
  type Random,
} from '@quorate/contracts'
import {
  checkServed,
  countAnswer,
  type Asker,
  type AskerSurroundings,
  type Called,
  type Ending,
  type Seen,
} from './asker.js'

/** How long a question may take, in milliseconds, and how long when all is well. */
const timeoutMs = 2_500
const calmTimeoutMs = 5_000

/** Of so many commands one is given shortly before the end of its client. */
const closePerCommands = 40

/** What no member says of a question that is none of its own making. */
const mistakes: readonly ErrorCode[] = ['INTERNAL', 'INVALID_COMMAND', 'COMMAND_TOO_LARGE', 'UNSUPPORTED']

/** What an asker is given beside its surroundings. */
export interface ClientAskerParts {
  readonly machine: MachineModule
  readonly http: HttpPort
  /** Where members are found; the client is told of a majority of them. */
  readonly addresses: readonly string[]
}

type OperationsInBytes = Readonly<Record<string, Operation<unknown, Uint8Array>>>
type BytesClient = Client<MachineModule<OperationsInBytes, OperationsInBytes>>

/** Asks with the product's own client: sessions, retries, deadlines and the search for the leader are its business. */
export class ClientAsker implements Asker {
  readonly #world: AskerSurroundings
  readonly #attemptTimeoutMs: number
  readonly #create: () => BytesClient
  #client: BytesClient
  #ofCluster = 1

  constructor(world: AskerSurroundings, { machine, http, addresses }: ClientAskerParts) {
    const { environment, random, load } = world
    const { min, max } = load.timeoutMs
    this.#world = world
    this.#attemptTimeoutMs = min + random.nextInt(max - min + 1)
    const options = {
      machine: inBytes(machine),
      addresses: someOf(addresses, random),
      http,
      environment,
      attemptTimeoutMs: this.#attemptTimeoutMs,
      retryMaxMs: load.pauseMs + 20,
      sessions: random.nextInt(5) > 0,
    }
    this.#create = () => createClient(options)
    this.#client = this.#create()
  }

  async command(called: Called): Promise<Ending> {
    const { name, input } = called
    const call = this.#client.commands[name]
    if (!call) throw new TypeError(`no command is called ${name}`)
    if (this.#world.random.nextInt(closePerCommands) === 0) this.#closeSoon()
    try {
      return { kind: 'answered', result: await call(input, { timeoutMs: this.#timeoutMs() }) }
    } catch (error) {
      return { kind: this.#failureOf(error, called).outcome === 'notDone' ? 'notDone' : 'unknown' }
    }
  }

  async query(called: Called, consistency: 'linearizable' | 'local'): Promise<Seen | null> {
    const { name, input } = called
    const call = this.#client.queries[name]
    if (!call) throw new TypeError(`no query is called ${name}`)
    try {
      const result = await call(input, { consistency, timeoutMs: this.#timeoutMs() })
      return { result, by: 'whoever a client found' }
    } catch (error) {
      this.#failureOf(error, called)
      return null
    }
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#world.environment.setTimer(ms, resolve))
  }

  /** Its program ends while something is under way, which ends too, and begins anew. */
  #closeSoon(): void {
    const { environment, random, counters } = this.#world
    environment.setTimer(random.nextInt(this.#attemptTimeoutMs), () => {
      if (this.#world.isCalm()) return
      counters.add('a client is closed')
      void this.#client.close()
      this.#client = this.#create()
    })
  }

  /** Its program decides to go on in the cluster that is there now, which takes a new client. */
  #goOnElsewhere(): void {
    const clusters = this.#world.clusters()
    if (clusters === 1) this.#world.fail('a client was told WRONG_CLUSTER, and there was only one')
    if (this.#ofCluster === clusters) return
    this.#ofCluster = clusters
    void this.#client.close()
    this.#client = this.#create()
  }

  /** For some questions there is hardly time for one attempt, for most there is for many. */
  #timeoutMs(): number {
    if (this.#world.isCalm()) return calmTimeoutMs
    return this.#world.random.nextInt(8) === 0 ? this.#attemptTimeoutMs : timeoutMs
  }

  #failureOf(error: unknown, called: Called): QuorateError {
    if (!(error instanceof QuorateError)) throw error
    countAnswer(this.#world.counters, 'a client', error)
    if (error.code === 'WRONG_CLUSTER') this.#goOnElsewhere()
    checkServed(this.#world, called, error.code)
    // Members in their first code know nothing of a later command.
    if (called.since !== 2 && mistakes.includes(error.code))
      this.#world.fail(`a client was told ${error.code}: ${error.message}`)
    return error
  }
}

/** The same machine, for whoever takes results as bytes. */
function inBytes(machine: MachineModule): MachineModule<OperationsInBytes, OperationsInBytes> {
  return {
    name: machine.name,
    version: machine.version,
    codec: machine.codec,
    commands: operationsInBytes(machine.commands),
    queries: operationsInBytes(machine.queries),
    create: () => machine.create(),
  }
}

function operationsInBytes(operations: Operations): OperationsInBytes {
  const each = Object.entries(operations).map(([name, operation]): [string, Operation<unknown, Uint8Array>] => [
    name,
    { takesInput: true, encode: (input) => operation.encode(input), decodeResult: (result) => result },
  ])
  return Object.fromEntries(each)
}

/** A majority at least: one of them is there for ever. */
function someOf(addresses: readonly string[], random: Random): string[] {
  const least = Math.floor(addresses.length / 2) + 1
  const count = least + random.nextInt(addresses.length - least + 1)
  const first = random.nextInt(addresses.length)
  return [...addresses.slice(first), ...addresses.slice(0, first)].slice(0, count)
}
