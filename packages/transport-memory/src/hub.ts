import {
  type Channel,
  parseOptions,
  QuorateError,
  seededRandom,
  type Environment,
  type NodeId,
  type Random,
} from '@quorate/contracts'
import type { Connection } from './connection.js'
import {
  memoryFaultsSchema,
  memoryHubOptionsSchema,
  type KnownFaults,
  type MemoryFaults,
  type MemoryHubOptions,
} from './faults.js'

/** The network of one process: transports on the same hub reach each other by address. */
export interface MemoryHub {
  /**
   * Loses every frame from one member to another until it is healed, and none the other way. Links stay up, as they do
   * when a cable is pulled; new ones are not made.
   */
  cut(from: string, to: string): void
  /** Cuts both ways between members of different sides. */
  split(...sides: readonly (readonly string[])[]): void
  /** Ends one cut, or all of them. */
  heal(from?: string, to?: string): void
  /** Replaces the faults; what is left out does not happen. */
  setFaults(faults: MemoryFaults): void
  /** The way from one member to another has faults of its own from now on, or null: those of all. */
  setLinkFaults(from: string, to: string, faults: MemoryFaults | null): void
}

/** What a transport offers on the hub to those who dial its address. */
export interface Listener {
  readonly id: NodeId
  readonly address: string
  /** Draws what the hello of a new connection has to answer. */
  challenge(): Uint8Array
  hello(challenge: Uint8Array, to: NodeId): Uint8Array
  /** Decides about a hello that has arrived. Never rejects. */
  admit(hello: Uint8Array, challenge: Uint8Array): Promise<{ readonly peer: NodeId } | { readonly refuse: string }>
  /** Takes a frame of an admitted peer. `malformed`: the connection that brought it is to end. */
  onFrame(peer: NodeId, channel: Channel, frame: Uint8Array): 'malformed' | void
  /** Takes a connection of an admitted peer; false when this listener has closed. */
  accept(peer: NodeId, connection: Connection): boolean
}

/** A hub with what transports need of it. */
export class Hub implements MemoryHub {
  readonly #listeners = new Map<string, Listener>()
  readonly #cuts = new Set<string>()
  readonly #linkFaults = new Map<string, KnownFaults>()
  readonly #environment: Environment | undefined
  readonly random: Random
  #faults: KnownFaults

  constructor(given: MemoryHubOptions) {
    const { seed, environment, ...faults } = parseOptions(memoryHubOptionsSchema, given, 'memoryHub options')
    this.random = seededRandom(seed)
    this.#environment = environment
    this.#faults = faults
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`)
  }

  split(...sides: readonly (readonly string[])[]): void {
    for (const side of sides) {
      for (const other of sides) {
        if (side === other) continue
        for (const from of side) for (const to of other) this.cut(from, to)
      }
    }
  }

  heal(from?: string, to?: string): void {
    if (from === undefined || to === undefined) this.#cuts.clear()
    else this.#cuts.delete(`${from}>${to}`)
  }

  setFaults(faults: MemoryFaults): void {
    this.#faults = parseOptions(memoryFaultsSchema, faults, 'memoryHub faults')
  }

  setLinkFaults(from: string, to: string, faults: MemoryFaults | null): void {
    if (faults === null) this.#linkFaults.delete(`${from}>${to}`)
    else this.#linkFaults.set(`${from}>${to}`, parseOptions(memoryFaultsSchema, faults, 'memoryHub faults'))
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${from}>${to}`)
  }

  /** Whether a fault of this kind happens now. Dice are thrown only for faults that may happen. */
  strikes(fault: 'loss' | 'duplication' | 'reordering', from: NodeId, to: NodeId): boolean {
    const chance = this.#faultsOf(from, to)[fault]
    return chance > 0 && this.random.nextInt(1_000_000) < chance * 1_000_000
  }

  latencyMs(from: NodeId, to: NodeId): number {
    const latency = this.#faultsOf(from, to).latencyMs
    if (typeof latency === 'number') return latency
    return latency.min + (this.random.nextInt(1_000_001) / 1_000_000) * (latency.max - latency.min)
  }

  #faultsOf(from: NodeId, to: NodeId): KnownFaults {
    return (this.#linkFaults.size > 0 && this.#linkFaults.get(`${from}>${to}`)) || this.#faults
  }

  clock(sender: Environment): Environment {
    return this.#environment ?? sender
  }

  listener(address: string): Listener | undefined {
    return this.#listeners.get(address)
  }

  listen(listener: Listener): void {
    const taken = this.#listeners.get(listener.address)
    if (taken) {
      const message = `${listener.address} is taken by member ${taken.id} on this hub: close that transport first, or choose another address`
      throw new QuorateError('ADDRESS_IN_USE', message)
    }
    this.#listeners.set(listener.address, listener)
  }

  unlisten(listener: Listener): void {
    if (this.#listeners.get(listener.address) === listener) this.#listeners.delete(listener.address)
  }
}

/**
 * Makes a network of its own. Without options it is perfect: frames arrive in the next turn, in order. Throws
 * `INVALID_OPTIONS`.
 */
export function memoryHub(options: MemoryHubOptions = {}): MemoryHub {
  return new Hub(options)
}

let shared: Hub | undefined

/** The hub of all transports of this process that were given none. */
export function sharedHub(): Hub {
  shared ??= new Hub({})
  return shared
}
