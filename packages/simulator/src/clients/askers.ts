import type { MachineModule, Random } from '@quorate/contracts'
import { clientAddressOf, type Member } from '../member/member.js'
import type { Asker, AskerSurroundings } from './asker.js'
import { BadHttp } from './bad-http.js'
import { ClientAsker } from './client-asker.js'
import { DirectAsker } from './direct-asker.js'
import type { Gateway } from './gateway.js'

/** What the askers of one run share. */
export interface AskersSurroundings<Machine extends MachineModule> extends AskerSurroundings {
  readonly members: readonly Member<Machine>[]
  /** Null if nobody brought one: then everybody asks directly. */
  readonly gateway: Gateway | null
}

/** Makes whoever asks in one run: all of them directly, or all of them with the product's client over HTTP. */
export class Askers<Machine extends MachineModule> {
  readonly #world: AskersSurroundings<Machine>
  readonly #machine: Machine
  readonly #http: BadHttp<Machine> | null

  constructor(world: AskersSurroundings<Machine>, machine: Machine) {
    const { gateway, load, random, counters } = world
    const isHttp = gateway !== null && load.callers === 'client'
    this.#world = world
    this.#machine = machine
    this.#http = isHttp ? new BadHttp({ ...world, random: random.fork(), machine, gateway }) : null
    counters.add(isHttp ? 'callers ask with the client' : 'callers ask directly')
  }

  /** True if nothing that somebody asked may still reach a member. */
  get areQuiet(): boolean {
    return this.#http?.isQuiet ?? true
  }

  /** Another one, with dice of its own. */
  next(random: Random): Asker {
    const world = { ...this.#world, random }
    if (!this.#http) return new DirectAsker(world)
    const addresses = world.members.map(({ id }) => clientAddressOf(id))
    return new ClientAsker(world, { machine: this.#machine, http: this.#http, addresses })
  }
}
