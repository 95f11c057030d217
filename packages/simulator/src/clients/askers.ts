import type { MachineModule, Random } from '@quorate/contracts'
import { clientAddressOf, type Member } from '../member/member.js'
import type { Asker, AskerSurroundings } from './asker.js'
import { BadHttp } from './bad-http.js'
import { ClientAsker } from './client-asker.js'
import { DirectAsker } from './direct-asker.js'
import type { CallersTold } from '../invariants/callers-told.js'
import type { Gateway } from './gateway.js'
import { OwnAsker } from './own-asker.js'
import { WatchedAsker } from './watched-asker.js'

/** What the askers of one run share. */
export interface AskersSurroundings<Machine extends MachineModule> extends AskerSurroundings {
  readonly members: readonly Member<Machine>[]
  /** Null if nobody brought one: then everybody asks directly. */
  readonly gateway: Gateway | null
  readonly callers: CallersTold
}

/** Makes whoever asks in one run: all directly, all as callers of a member, or all with the product's client. */
export class Askers<Machine extends MachineModule> {
  readonly #world: AskersSurroundings<Machine>
  readonly #machine: MachineModule
  readonly #http: BadHttp<Machine> | null

  /** `machine`: what clients write with. */
  constructor(world: AskersSurroundings<Machine>, machine: MachineModule) {
    const { gateway, load, random, counters } = world
    const isHttp = gateway !== null && load.callers === 'client'
    this.#world = world
    this.#machine = machine
    this.#http = isHttp ? new BadHttp({ ...world, random: random.fork(), gateway }) : null
    const directly = load.callers === 'member' ? 'callers are those of members' : 'callers ask directly'
    counters.add(isHttp ? 'callers ask with the client' : directly)
  }

  /** True if nothing that somebody asked may still reach a member. */
  get areQuiet(): boolean {
    return this.#http?.isQuiet ?? true
  }

  /** What gateways still hold of requests that are over; null if it is nothing. */
  async left(): Promise<string | null> {
    return (await this.#http?.left()) ?? null
  }

  /** Another one, with dice of its own. */
  next(random: Random): Asker {
    return new WatchedAsker(this.#next({ ...this.#world, random }), this.#world.callers)
  }

  #next(world: AskersSurroundings<Machine>): Asker {
    if (world.load.callers === 'member') return new OwnAsker(world)
    if (!this.#http) return new DirectAsker(world)
    const addresses = world.members.map(({ id }) => clientAddressOf(id))
    return new ClientAsker(world, { machine: this.#machine, http: this.#http, addresses })
  }
}
