import type { HttpCall, HttpExchange } from '@quorate/client'
import type { Environment, MachineModule } from '@quorate/contracts'
import type { Replica } from '@quorate/replica'

/** A member's program, as far as its gateway knows it. */
export interface ServedMember {
  readonly replica: Omit<Replica, 'commands' | 'queries'>
  readonly machine: MachineModule
  readonly environment: Environment
}

/** A request as it reaches a member. */
export type HttpRequest = Omit<HttpCall, 'address' | 'onSent'>

/**
 * Answers requests in a member's process; an answer never rejects, and `cancel` tells that nobody waits for it any more.
 * What it does is over when the promises that are ready have run, or waits for the member's own environment.
 */
export type ServeHttp = (request: HttpRequest) => HttpExchange

/** Makes what answers HTTP in one life of a member. The simulator knows none, like a protocol. */
export type Gateway = (member: ServedMember) => ServeHttp
