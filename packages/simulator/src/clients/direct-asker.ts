import { equalBytes, QuorateError, seededRandom, type ErrorCode, type MachineModule } from '@quorate/contracts'
import type { Replica } from '@quorate/replica'
import type { Member } from '../member/member.js'
import { longSessionMs } from '../plan/plan.js'
import {
  calmPauseMsMax,
  checkServed,
  countAnswer,
  type Asker,
  type AskerSurroundings,
  type Called,
  type Ending,
  type Seen,
} from './asker.js'
import { Session } from './session.js'
import { Stranger } from './stranger.js'

/** How much longer a caller waits for a member that has fallen silent than it has told it to take, in milliseconds. */
const graceMs = 20

/** How long a question may take when all is well, in milliseconds. */
const calmTimeoutMs = { min: 1_000, max: 1_000 }

/** A command, and what came of it. */
interface Answered {
  readonly session: Session
  readonly sequence: number
  readonly request: Uint8Array
  readonly result: Uint8Array
}

/** What it takes to ask members themselves. */
export interface DirectAskerSurroundings<Machine extends MachineModule> extends AskerSurroundings {
  readonly members: readonly Member<Machine>[]
}

/**
 * Asks the members themselves, with a session of its own: any of them, and again within its session until it has an answer
 * or gives up. It knows nothing and tries everything, and what it loses is lost at once.
 */
export class DirectAsker<Machine extends MachineModule> implements Asker {
  readonly #world: DirectAskerSurroundings<Machine>
  #session: Session | null = null
  #opening: Promise<Session | null> | null = null
  #stranger: Stranger<Machine> | null = null
  #lastRequest: Uint8Array = new Uint8Array()
  /** What was answered last, in the session of now or an earlier one. */
  #answered: Answered | null = null

  constructor(world: DirectAskerSurroundings<Machine>) {
    this.#world = world
  }

  async command(called: Called): Promise<Ending> {
    const { request } = called
    const session = await this.#openSession()
    if (session === null) return { kind: 'notDone' }
    const sequence = session.begin()
    let isInDoubt = false
    for (let tries = 1; ; tries += 1) {
      const [place, member] = [session.placeOf(sequence, this.#keptAnswers), this.#anyMember()]
      this.#stranger?.maybeGuess(place, request, member)
      const ending = await this.#try(
        (replica, timeoutMs) => replica.propose(request, { session: place, timeoutMs }),
        member,
      )
      if (ending.kind !== 'answered') checkServed(this.#world, called, ending.code)
      if (ending.kind === 'answered') {
        if (this.#lastRequest.length > 0) this.#stranger?.maybeReuse(place, request, this.#lastRequest)
        this.#lastRequest = request
        session.finish(sequence)
        void this.#maybeAskAgain({ session, sequence, request, result: ending.answer.result })
        if (tries > 1) this.#world.counters.add('a command is answered when it is asked again')
        return { kind: 'answered', result: ending.answer.result }
      }
      if (ending.kind !== 'notDone') isInDoubt = true
      if (ending.hasExpired) this.#onExpired(session)
      if (ending.hasExpired || !(await this.#goesOn())) {
        session.finish(sequence)
        return { kind: isInDoubt ? 'unknown' : 'notDone' }
      }
    }
  }

  /** Asks for an answer once more that it has let the cluster keep: it is the same for ever. */
  async #maybeAskAgain(answered: Answered): Promise<void> {
    const { load, random } = this.#world
    if (load.keptAnswers === 0) return
    const earlier = this.#answered
    this.#answered = answered
    if (earlier === null || random.nextInt(8) > 0 || this.#world.isOver()) return
    const { session, sequence, request, result } = earlier
    const ending = await this.#try((replica, timeoutMs) =>
      replica.propose(request, { session: session.placeOf(sequence, this.#keptAnswers), timeoutMs }),
    )
    if (ending.kind !== 'answered') return
    this.#world.counters.add('an answer that is kept is asked for again')
    if (!equalBytes(ending.answer.result, result)) {
      this.#world.fail(`command ${sequence} of session ${session.id.position} was answered in two ways`)
    }
  }

  /** When all is well nothing is kept, so that there is room. */
  get #keptAnswers(): number {
    return this.#world.isCalm() ? 0 : this.#world.load.keptAnswers
  }

  /** Asks one member, once. */
  async query({ request }: Called, consistency: 'linearizable' | 'local'): Promise<Seen | null> {
    const member = this.#anyMember()
    const ending = await this.#try((replica, timeoutMs) => replica.query(request, { consistency, timeoutMs }), member)
    return ending.kind === 'answered' ? { result: ending.answer.result, by: member.id } : null
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
    this.#stranger ??= new Stranger(this.#world, seededRandom(nonce))
    for (;;) {
      const ending = await this.#try(async (replica, timeoutMs) => replica.openSession(nonce, { timeoutMs }))
      if (ending.kind === 'answered') return new Session(ending.answer, this.#world.clusters())
      if (!(await this.#goesOn())) return null
    }
  }

  #onExpired(session: Session): void {
    if (this.#session === session) this.#session = null
    if (this.#world.sessionTimeoutMs < longSessionMs || session.ofCluster !== this.#world.clusters()) return
    this.#world.fail(`session ${session.id.position} ended, and its time was not over by any clock (F-44)`)
  }

  /** Waits before it asks again; false if it gives up. */
  async #goesOn(): Promise<boolean> {
    const { random, load } = this.#world
    if (this.#world.isOver() || random.nextInt(load.patience) === 0) return false
    this.#world.counters.add('a caller asks again')
    await this.pause(random.nextInt(this.#world.isCalm() ? calmPauseMsMax : load.pauseMs + 20))
    return !this.#world.isOver()
  }

  async #try<Answer>(
    question: (replica: Replica<Machine>, timeoutMs: number) => Promise<Answer>,
    member = this.#anyMember(),
  ): Promise<
    | { readonly kind: 'answered'; readonly answer: Answer }
    | { readonly kind: 'notDone' | 'unknown'; readonly hasExpired: boolean; readonly code: ErrorCode }
  > {
    const { min, max } = this.#world.isCalm() ? calmTimeoutMs : this.#world.load.timeoutMs
    const timeoutMs = min + this.#world.random.nextInt(max - min + 1)
    try {
      const asked = member.ask((replica) => question(replica, timeoutMs))
      return { kind: 'answered', answer: await this.#within(timeoutMs + graceMs, asked) }
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error
      countAnswer(this.#world.counters, 'a caller', error)
      const hasExpired = error.code === 'SESSION_EXPIRED' || error.code === 'WRONG_CLUSTER'
      return { kind: error.outcome === 'notDone' ? 'notDone' : 'unknown', hasExpired, code: error.code }
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
