import { QuorateError, type MachineModule } from '@quorate/contracts'
import type { Asker, Called, Ending, Seen } from './asker.js'
import { checkServed, countAnswer } from './asker.js'
import { DirectAsker, type DirectAskerSurroundings } from './direct-asker.js'
import { Signal } from './signal.js'

/** Of so many commands one is given up by its caller before its deadline. */
const abortPerCommands = 6

/** How long a command may take when all is well, in milliseconds. */
const calmTimeoutMs = 1_000

/** How much longer a caller waits for a member that has fallen silent than it has told it to take, in milliseconds. */
const graceMs = 20

/**
 * A caller in a member's own process: the member counts the command in a session of its own, and hands it to whoever leads
 * as often as it takes. Nobody asks again: what the member says of a command is all that is ever known of it.
 */
export class OwnAsker<Machine extends MachineModule> implements Asker {
  readonly #world: DirectAskerSurroundings<Machine>
  readonly #direct: DirectAsker<Machine>

  constructor(world: DirectAskerSurroundings<Machine>) {
    this.#world = world
    this.#direct = new DirectAsker(world)
  }

  async command(called: Called): Promise<Ending> {
    const { random, load, members, counters, environment } = this.#world
    const member = members[random.nextInt(members.length)]
    if (!member) throw new TypeError('a cluster has members')
    const { min, max } = this.#world.isCalm() ? { min: calmTimeoutMs, max: calmTimeoutMs } : load.timeoutMs
    const timeoutMs = min + random.nextInt(max - min + 1)
    const signal = new Signal()
    const isGivenUp = !this.#world.isCalm() && random.nextInt(abortPerCommands) === 0
    const process = member.life?.process
    if (isGivenUp) environment.setTimer(random.nextInt(timeoutMs), () => process?.enter(() => signal.abort()))
    const asked = member.ask((replica) => replica.propose(called.request, { timeoutMs, signal }))
    try {
      return { kind: 'answered', result: (await this.#within(timeoutMs + graceMs, asked)).result }
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error
      countAnswer(counters, 'a caller of a member', error)
      checkServed(this.#world, called, error.code)
      return { kind: error.outcome === 'notDone' ? 'notDone' : 'unknown' }
    }
  }

  query(called: Called, consistency: 'linearizable' | 'local'): Promise<Seen | null> {
    return this.#direct.query(called, consistency)
  }

  pause(ms: number): Promise<void> {
    return this.#direct.pause(ms)
  }

  /** A member that is paused does not even tell that time is over. */
  #within<Answer>(ms: number, asked: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#world.environment.setTimer(ms, () => {
        reject(new QuorateError('TIMED_OUT', `there was no answer within ${ms} ms`))
      })
      void asked.finally(cancelTimer).then(resolve, reject)
    })
  }
}
