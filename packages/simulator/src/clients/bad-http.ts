import type { HttpAnswer, HttpCall, HttpExchange, HttpPort } from '@quorate/client'
import type { MachineModule } from '@quorate/contracts'
import { clientAddressOf, type Life, type Member } from '../member/member.js'
import type { Process } from '../member/process.js'
import { longSessionMs } from '../plan/plan.js'
import type { AskerSurroundings } from './asker.js'
import type { Gateway, ServeHttp } from './gateway.js'

/** How long somebody waits for a connection that does not come about, in milliseconds. */
const connectTimeoutMs = 1_000

/** A message that is late takes up to so long: longer than most clients wait, so that copies arrive behind others. */
const lateMsMax = 2_000

const calmMsMax = 2

/** Of so many requests or answers that are lost, a proxy answers one. */
const proxyPerLosses = 5

/** What a proxy says of a member that has not answered: nothing about whether it has done what it was asked. */
const answerOfProxy: HttpAnswer = {
  status: 502,
  headers: { 'content-type': 'text/html' },
  bytes: new Uint8Array(),
  text: () => '',
}

/** How bad the way is between clients and members. */
interface Weather {
  readonly msMax: number
  readonly lossPercent: number
  readonly latePercent: number
}

/** What HTTP runs through and to. */
export interface BadHttpParts<Machine extends MachineModule> extends AskerSurroundings {
  readonly members: readonly Member<Machine>[]
  readonly gateway: Gateway
}

/** One exchange, as long as somebody wants its answer. */
interface Way {
  isGivenUp: boolean
  onGivenUp: () => void
}

/**
 * What lies between clients and the gateways of a cluster. Requests and answers take their time, are late, or are lost:
 * then the connection breaks, or nothing more is heard of it. A member that does not run takes no connection, and one that
 * is dead has lost those it had; what reaches one that is paused waits in it until it goes on.
 */
export class BadHttp<Machine extends MachineModule> implements HttpPort {
  readonly #parts: BadHttpParts<Machine>
  readonly #weather: Weather
  readonly #gateways = new WeakMap<Life<Machine>, ServeHttp>()
  /** The lives to which a connection stands, or stood when its client last heard of it. */
  readonly #kept = new Map<Member<Machine>, Life<Machine>>()
  /** Places in sessions that were asked for. */
  readonly #asked = new Set<string>()
  #underWay = 0

  constructor(parts: BadHttpParts<Machine>) {
    this.#parts = parts
    this.#weather = {
      msMax: this.#oneOf(1, 5, 40, 150),
      lossPercent: this.#oneOf(0, 1, 5),
      latePercent: this.#oneOf(0, 1, 5),
    }
  }

  /** True if no request is on its way or being answered. */
  get isQuiet(): boolean {
    return this.#underWay === 0
  }

  send(call: HttpCall): HttpExchange {
    const way: Way = { isGivenUp: false, onGivenUp: () => {} }
    const cancel = (): void => {
      way.isGivenUp = true
      way.onGivenUp()
    }
    return { answer: this.#carry(call, way), cancel }
  }

  async close(): Promise<void> {}

  /** What gateways still hold of requests that are over, by the numbers that they tell themselves; null if it is nothing. */
  async left(): Promise<string | null> {
    for (const { id, life } of this.#parts.members) {
      const serve = life && this.#gateways.get(life)
      if (!serve || life.process.isPaused) continue
      const numbers = (await serve({ method: 'GET', path: '/metrics', accept: '', body: null }).answer).text()
      for (const [, what = '', count] of numbers.matchAll(/^quorate_http_pending(.*) (\d+)$/gm)) {
        // The request that reads the numbers is one of them.
        const isItself = what === '{kind="requests"}' && count === '1'
        if (count !== '0' && !isItself) return `the gateway of ${id} still has ${count ?? ''} of pending${what}`
      }
    }
    return null
  }

  async #carry(call: HttpCall, way: Way): Promise<HttpAnswer> {
    const member = this.#parts.members.find(({ id }) => clientAddressOf(id) === call.address)
    if (!member) throw new Error(`nobody is at ${call.address}`)
    const life = this.#kept.get(member) ?? (await this.#connect(member, way))
    call.onSent()
    const isAskedAgain = this.#countsAsRepeated(call)
    const answer = await this.#ask(life, call, way)
    const cluster = this.#parts.clusters()
    // Machines that are gone for good leave no answer behind.
    const isLost = answer === null || (await this.#travelsInVain()) || cluster !== this.#parts.clusters()
    if (isLost) return this.#endBadly(member)
    if (isAskedAgain && answer.status === 200) {
      this.#parts.counters.add('a command is answered when it is asked again')
    }
    if (!way.isGivenUp) this.#checkSession(call, answer)
    return answer
  }

  async #connect(member: Member<Machine>, way: Way): Promise<Life<Machine>> {
    const isLost = await this.#travelsInVain()
    const { life } = member
    if (!isLost && life?.replica && !way.isGivenUp) {
      this.#kept.set(member, life)
      return life
    }
    this.#parts.counters.add('a client gets no connection')
    if (isLost) await this.#pause(connectTimeoutMs)
    throw new Error(`${member.id} takes no connection`)
  }

  /** Null if the request does not get there, or whoever has it dies. */
  async #ask(life: Life<Machine>, call: HttpCall, way: Way): Promise<HttpAnswer | null> {
    this.#underWay += 1
    try {
      return (await this.#travelsInVain()) ? null : await this.#serve(life, call, way)
    } finally {
      this.#underWay -= 1
    }
  }

  /**
   * What reached a process is handled in it, also when nobody waits for the answer any more. A gateway hears of that unless
   * it was so before the request arrived, as when a proxy held it.
   */
  #serve(life: Life<Machine>, call: HttpCall, way: Way): Promise<HttpAnswer | null> {
    const { process } = life
    if (process.isDead) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      const forget = process.onDeath(() => resolve(null))
      process.enter(() => {
        const exchange = this.#gatewayOf(life)(call)
        way.onGivenUp = () => void this.#hangUp(process, exchange)
        exchange.answer.finally(forget).then(resolve, reject)
      })
    })
  }

  async #hangUp(process: Process, exchange: HttpExchange): Promise<void> {
    if (!(await this.#travelsInVain())) process.enter(() => exchange.cancel())
  }

  /** What is lost ends the connection, or something between here and there answers in the place of the member. */
  #endBadly(member: Member<Machine>): Promise<HttpAnswer> {
    const { random, counters } = this.#parts
    if (this.#parts.isCalm() || random.nextInt(proxyPerLosses) > 0) return this.#breakOff(member)
    this.#kept.delete(member)
    counters.add('a proxy answers in the place of a member')
    return Promise.resolve(answerOfProxy)
  }

  /**
   * Half of what is lost breaks the connection, the other half leaves it silent until its client gives it up. When all is
   * well it breaks: a machine that is there again knows nothing of the connections of its life before, and says so.
   */
  async #breakOff(member: Member<Machine>): Promise<never> {
    this.#kept.delete(member)
    const isSilent = !this.#parts.isCalm() && this.#parts.random.nextInt(2) === 0
    this.#parts.counters.add(isSilent ? 'a connection falls silent' : 'a connection breaks')
    if (isSilent) await new Promise<never>(() => {})
    throw new Error('the connection broke')
  }

  /** Lets a message travel. True if it never arrives. */
  async #travelsInVain(): Promise<boolean> {
    const { random, counters } = this.#parts
    const { msMax, lossPercent, latePercent } = this.#parts.isCalm() ? calmWeather : this.#weather
    const isLate = random.nextInt(100) < latePercent
    const isLost = random.nextInt(100) < lossPercent
    if (isLate) counters.add('a message of a client is late')
    await this.#pause(random.nextInt((isLate ? lateMsMax : msMax) + 1))
    return isLost
  }

  #gatewayOf(life: Life<Machine>): ServeHttp {
    const known = this.#gateways.get(life)
    if (known) return known
    const { gateway } = this.#parts
    const { replica, process, machine } = life
    if (replica === null) throw new TypeError('a connection stands only to who has started')
    const serve = gateway({ replica, machine, environment: process.environment })
    this.#gateways.set(life, serve)
    return serve
  }

  #countsAsRepeated({ path }: HttpCall): boolean {
    const [place = null] = /session=[\w-]+&sequence=\d+/.exec(path) ?? []
    if (place === null) return false
    const isRepeated = this.#asked.has(place)
    this.#asked.add(place)
    if (isRepeated) this.#parts.counters.add('a caller asks again')
    return isRepeated
  }

  /** Whoever still waits for a command has not acknowledged it: its place is there as long as its session. */
  #checkSession({ path }: HttpCall, answer: HttpAnswer): void {
    if (answer.status === 200 || this.#parts.sessionTimeoutMs < longSessionMs || this.#parts.clusters() > 1) return
    if (!answer.text().includes('"SESSION_EXPIRED"')) return
    this.#parts.fail(`the session of ${path} ended, and its time was not over by any clock (F-44)`)
  }

  #oneOf(...choices: readonly number[]): number {
    return choices[this.#parts.random.nextInt(choices.length)] ?? 0
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#parts.environment.setTimer(ms, resolve))
  }
}

const calmWeather: Weather = { msMax: calmMsMax, lossPercent: 0, latePercent: 0 }
