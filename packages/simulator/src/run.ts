import type { VirtualTime } from '@quorate/conformance'
import { seededRandom } from '@quorate/contracts'
import { book } from './book/book.js'
import { History } from './book/history.js'
import { Writers } from './book/writers.js'
import { judgeAsBlackBox } from './checks/black-box.js'
import { complaintAboutBook } from './checks/linearizable-book.js'
import { finishedPages, untilConverged } from './checks/convergence.js'
import { Counters } from './counters.js'
import type { Plan } from './plan/plan.js'
import type { Subject } from './subject.js'
import { Trace, type TraceEvent } from './trace.js'
import { Violation } from './violation.js'
import { Atlas } from './world/atlas.js'
import { Cluster } from './world/cluster.js'
import { FaultInjector } from './world/fault-injector.js'
import { WatchedTime } from './world/watched-time.js'
import { Witness } from './world/witness.js'

/** So many commands that were asked after the last fault have to be acknowledged. */
const progress = 10

/** One life of one cluster, from the first start to the last comparison. */
export class Run {
  readonly trace: Trace
  readonly counters = new Counters()
  readonly history = new History()
  readonly #plan: Plan
  readonly #time: WatchedTime
  readonly #witness: Witness
  readonly #cluster: Cluster<typeof book>
  readonly #injector: FaultInjector<typeof book>
  readonly #writers: Writers

  constructor(plan: Plan, subject: Subject, time: VirtualTime, onEvent: ((event: TraceEvent) => void) | null) {
    const { environment } = time
    const { counters, history } = this
    const trace = new Trace(() => environment.monotonicMs(), onEvent)
    this.#plan = plan
    this.trace = trace
    this.#witness = new Witness(plan.cluster.ids, trace)
    this.#time = new WatchedTime(time, this.#witness)
    const shared = { trace, counters, atlas: new Atlas(plan.cluster.ids.length) }
    this.#cluster = new Cluster({
      ...shared,
      traits: plan.cluster,
      seed: plan.seed,
      time,
      machine: book,
      protocol: subject.draw(seededRandom(`${plan.seed}/protocol`)),
      witness: this.#witness,
    })
    this.#injector = new FaultInjector({ ...shared, cluster: this.#cluster, environment })
    this.#writers = new Writers({
      members: this.#cluster.members,
      environment,
      random: seededRandom(`${plan.seed}/load`),
      load: plan.load,
      history,
      counters,
    })
  }

  /** The first thing that must never be, and was. */
  async run(): Promise<Error | null> {
    try {
      for (const member of this.#cluster.members) this.#cluster.start(member)
      this.#injector.schedule(this.#plan.faults)
      this.#writers.start()
      await this.#time.pass(this.#plan.safetyMs)
      await this.#live()
      await this.#compare()
    } catch (error) {
      return this.#witness.violation ?? (error instanceof Error ? error : new Error(String(error)))
    }
    return this.#witness.violation
  }

  /** The bad days are over: from now on there has to be progress, within a bound. */
  async #live(): Promise<void> {
    const { livenessMs } = this.#plan
    this.trace.add('heal', null, [])
    this.#injector.heal()
    this.#writers.calm()
    const from = this.history.appends.length
    await this.#time.until(
      () => this.#writers.acknowledgedOf(from) >= progress,
      livenessMs,
      () => {
        return `a healed cluster acknowledged ${this.#writers.acknowledgedOf(from)} commands in ${livenessMs} ms`
      },
    )
    // Callers go on meanwhile: an image that has rotted is replaced by the next one, which only commands bring about.
    await this.#time.until(
      () => this.#cluster.survivors.every(({ id }) => this.#witness.isNearlyUpToDate(id)),
      livenessMs,
      () => {
        const late = this.#cluster.survivors.filter(({ id }) => !this.#witness.isNearlyUpToDate(id))
        return `${late.map(({ id }) => id).join(', ')} did not catch up within ${livenessMs} ms`
      },
    )
    this.#writers.finish()
    await this.#time.until(
      () => this.#writers.areDone,
      livenessMs,
      () => 'a healed cluster left callers without an answer',
    )
  }

  async #compare(): Promise<void> {
    await untilConverged(this.#cluster, this.#time, this.#plan.livenessMs)
    this.#witness.sweep()
    const complaint = complaintAboutBook(await finishedPages(this.#cluster, this.#time), this.history)
    if (complaint !== null) throw new Violation(complaint)
    const opinion = judgeAsBlackBox(this.history)
    this.counters.add(`a history is ${opinion}`)
    if (opinion === 'notLinearizable') throw new Violation('no order of the commands explains what callers saw')
  }
}
