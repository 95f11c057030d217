import { QuorateError, type Environment, type MachineModule, type Random } from '@quorate/contracts'
import type { RawResult, Replica } from '@quorate/replica'
import type { Member } from '../member/member.js'
import { longSessionMs, type LoadTraits } from '../plan/plan.js'
import { Session } from './session.js'

/** How much longer a caller waits for a member that has fallen silent than it has told it to take, in milliseconds. */
const graceMs = 20

/** How long a question may take when all is well, in milliseconds. */
const calmTimeoutMs = { min: 1_000, max: 1_000 }

/** Of how many questions without an answer one is given up. */
const patience = 50

/** What a client needs of the world around it. */
export interface ClientSurroundings<Machine extends MachineModule> {
  readonly members: readonly Member<Machine>[]
  readonly environment: Environment
  readonly random: Random
  readonly load: LoadTraits
  /** True when everything is well again: then there is no reason to be impatient. */
  isCalm(): boolean
  readonly sessionTimeoutMs: number
  fail(problem: string): void
  /** True when nothing more is to be asked. */
  isOver(): boolean
  onRetry(): void
  /** A command was answered that had been asked before. */
  onLateAnswer(): void
}

/** How a command ended for its caller. */
export type Ending =
  { readonly kind: 'answered'; readonly answer: RawResult } | { readonly kind: 'notDone' | 'unknown' }

/** What one member answered, and in which of its lives. */
export interface QueryAnswer {
  readonly answer: RawResult
  readonly member: string
  readonly life: number
}

/**
 * A caller outside of the cluster, with a session of its own: asks any member, and again within its session until it has
 * an answer or gives up.
 */
export class Client<Machine extends MachineModule> {
  readonly #world: ClientSurroundings<Machine>
  #session: Session | null = null
  #opening: Promise<Session | null> | null = null

  constructor(world: ClientSurroundings<Machine>) {
    this.#world = world
  }

  /** Gives a command, and asks again as long as it may have been lost. */
  async command(bytes: Uint8Array): Promise<Ending> {
    const session = await this.#openSession()
    if (session === null) return { kind: 'notDone' }
    const sequence = session.begin()
    let isInDoubt = false
    for (let tries = 1; ; tries += 1) {
      const ending = await this.#try((replica, timeoutMs) =>
        replica.propose(bytes, { session: session.placeOf(sequence), timeoutMs }),
      )
      if (ending.kind === 'answered') {
        session.finish(sequence)
        if (tries > 1) this.#world.onLateAnswer()
        return ending
      }
      if (ending.kind !== 'notDone') isInDoubt = true
      if (ending.kind === 'expired') this.#onExpired(session)
      if (ending.kind === 'expired' || !(await this.#goesOn())) {
        session.finish(sequence)
        return { kind: isInDoubt ? 'unknown' : 'notDone' }
      }
    }
  }

  /** Asks one member, once. Null if there was no answer. */
  async query(bytes: Uint8Array, consistency: 'linearizable' | 'local'): Promise<QueryAnswer | null> {
    const member = this.#anyMember()
    const { lives: life, id } = member
    const ending = await this.#try((replica, timeoutMs) => replica.query(bytes, { consistency, timeoutMs }), member)
    return ending.kind === 'answered' ? { answer: ending.answer, member: id, life } : null
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#world.environment.setTimer(ms, resolve))
  }

  /** Two commands of one client never open two sessions. */
  async #openSession(): Promise<Session | null> {
    if (this.#session === null) {
      this.#opening ??= this.#open()
      this.#session = await this.#opening
      this.#opening = null
    }
    return this.#session
  }

  async #open(): Promise<Session | null> {
    const nonce = this.#world.environment.randomBytes(16)
    for (;;) {
      const ending = await this.#try(async (replica, timeoutMs) => replica.openSession(nonce, { timeoutMs }))
      if (ending.kind === 'answered') return new Session(ending.answer)
      if (!(await this.#goesOn())) return null
    }
  }

  #onExpired(session: Session): void {
    if (this.#session === session) this.#session = null
    if (this.#world.sessionTimeoutMs < longSessionMs) return
    this.#world.fail(`session ${session.id} ended, and its time was not over by any clock (F-44)`)
  }

  /** Waits before it asks again; false if it gives up. */
  async #goesOn(): Promise<boolean> {
    const { random, load } = this.#world
    if (this.#world.isOver() || random.nextInt(patience) === 0) return false
    this.#world.onRetry()
    await this.pause(random.nextInt(load.pauseMs + 20))
    return !this.#world.isOver()
  }

  async #try<Answer>(
    question: (replica: Replica<Machine>, timeoutMs: number) => Promise<Answer>,
    member = this.#anyMember(),
  ): Promise<
    { readonly kind: 'answered'; readonly answer: Answer } | { readonly kind: 'notDone' | 'unknown' | 'expired' }
  > {
    const { min, max } = this.#world.isCalm() ? calmTimeoutMs : this.#world.load.timeoutMs
    const timeoutMs = min + this.#world.random.nextInt(max - min + 1)
    try {
      const asked = member.ask((replica) => question(replica, timeoutMs))
      return { kind: 'answered', answer: await this.#within(timeoutMs + graceMs, asked) }
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error
      if (error.code === 'SESSION_EXPIRED') return { kind: 'expired' }
      return { kind: error.outcome === 'notDone' ? 'notDone' : 'unknown' }
    }
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

  #anyMember(): Member<Machine> {
    const { members, random } = this.#world
    const member = members[random.nextInt(members.length)]
    if (!member) throw new TypeError('a cluster has members')
    return member
  }
}
