import { equalBytes, QuorateError, type MachineModule, type Random } from '@quorate/contracts'
import type { SessionOptions } from '@quorate/replica'
import type { Member } from '../member/member.js'
import type { AskerSurroundings } from './asker.js'

/** Of how many commands of a caller one has a stranger beside it, in the mean. */
const commandsForOne = 6
const timeoutMs = 300

/** What a stranger needs of the world around it. */
export interface StrangerSurroundings<Machine extends MachineModule> extends Pick<
  AskerSurroundings,
  'counters' | 'fail'
> {
  readonly members: readonly Member<Machine>[]
}

/**
 * Somebody who names sessions of others. It knows their positions, which anybody can count to, and not their nonces. Nothing
 * that it asks for is carried out, and it is never given an answer.
 */
export class Stranger<Machine extends MachineModule> {
  readonly #world: StrangerSurroundings<Machine>
  readonly #random: Random

  constructor(world: StrangerSurroundings<Machine>, random: Random) {
    this.#world = world
    this.#random = random
  }

  /** Asks beside a caller who is about to ask in this place of its session; often for the same, and at the same member. */
  maybeGuess(place: SessionOptions, request: Uint8Array, by: Member<Machine>): void {
    if (this.#random.nextInt(commandsForOne) > 0) return
    const nonce = Uint8Array.from({ length: 16 }, () => this.#random.nextInt(256))
    const ahead = this.#random.nextInt(3) === 0 ? this.#random.nextInt(5_000) : 0
    const counts = { sequence: place.sequence + ahead, lowestUnacknowledged: place.sequence + ahead }
    void this.#ask({ id: { ...place.id, nonce }, ...counts }, request, by, 'a stranger has guessed a session')
  }

  /** Asks for something else in a place where a command was carried out, as a caller that miscounts. */
  maybeReuse(place: SessionOptions, request: Uint8Array, other: Uint8Array): void {
    if (this.#random.nextInt(commandsForOne) > 0 || equalBytes(request, other)) return
    const { members } = this.#world
    const by = members[this.#random.nextInt(members.length)]
    if (by) void this.#ask(place, other, by, 'a count was used for two commands')
  }

  async #ask(session: SessionOptions, request: Uint8Array, by: Member<Machine>, what: string): Promise<void> {
    this.#world.counters.add(what)
    try {
      await by.ask((replica) => replica.propose(request, { session, timeoutMs }))
      this.#world.fail(`${what}, and was given an answer: session ${session.id.position}, count ${session.sequence}`)
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error
    }
  }
}
