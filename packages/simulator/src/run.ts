import type { VirtualTime } from '@quorate/conformance'
import { seededRandom, type MachineModule } from '@quorate/contracts'
import { untilConverged } from './checks/convergence.js'
import { untilAtRest } from './checks/rest.js'
import { Counters } from './counters.js'
import type { Load, LoadMaker } from './load.js'
import type { Plan } from './plan/plan.js'
import type { Subject } from './subject.js'
import { Trace, type TraceEvent } from './trace.js'
import { Violation } from './violation.js'
import { Atlas } from './world/atlas.js'
import { Cluster } from './world/cluster.js'
import { FaultInjector } from './world/fault-injector.js'
import { LeadershipWatch } from './world/leadership-watch.js'
import { WatchedTime } from './world/watched-time.js'
import { Witness } from './world/witness.js'

/** So many commands that were asked after the last fault have to be acknowledged. */
const progress = 10

/** How long a cluster has to come to rest, in milliseconds: a checkpoint that failed waits for up to a minute. */
const restMs = 70_000

/** What runs: a machine on a protocol, and who asks it. */
export interface Tenants<Machine extends MachineModule> {
  readonly subject: Subject
  readonly machine: Machine
  /** The same machine in later code, for plans that upgrade. Default: there is none. */
  readonly later?: Machine
  readonly load: LoadMaker<Machine>
}

/** One life of one cluster, from the first start to the last comparison. */
export class Run<Machine extends MachineModule> {
  readonly trace: Trace
  readonly counters = new Counters()
  readonly load: Load<Machine>
  readonly #plan: Plan
  readonly #time: WatchedTime
  readonly #witness: Witness
  readonly #later: Machine | null
  readonly #cluster: Cluster<Machine>
  readonly #injector: FaultInjector<Machine>

  constructor(
    plan: Plan,
    { subject, machine, later, load }: Tenants<Machine>,
    time: VirtualTime,
    onEvent: ((event: TraceEvent) => void) | null,
  ) {
    const { environment } = time
    const { counters } = this
    const trace = new Trace(() => environment.monotonicMs(), onEvent)
    this.#plan = plan
    this.trace = trace
    this.#witness = new Witness(plan.cluster.ids, trace, counters)
    this.#time = new WatchedTime(time, this.#witness)
    const shared = { trace, counters, atlas: new Atlas(plan.cluster.ids.length) }
    const protocol = subject.draw(seededRandom(`${plan.seed}/protocol`), plan.theme)
    const traits = plan.cluster
    this.#later = plan.theme === 'upgrades' ? (later ?? null) : null
    this.#cluster = new Cluster({
      ...{ ...shared, traits, seed: plan.seed, time, machine, later: this.#later, protocol, witness: this.#witness },
    })
    this.#injector = new FaultInjector({
      ...{ ...shared, cluster: this.#cluster, environment, witness: this.#witness },
      forceMembers: subject.forceMembers,
      onReplaced: (keepsAcknowledged) => this.load.onReplaced(keepsAcknowledged),
    })
    countWeather(counters, plan)
    this.load = load({
      members: this.#cluster.members,
      gateway: subject.gateway,
      environment,
      random: seededRandom(`${plan.seed}/load`),
      load: plan.load,
      counters,
      sessionTimeoutMs: traits.replica.sessionTimeoutMs,
      callers: this.#witness.callers,
      leadership: new LeadershipWatch(
        this.#cluster,
        this.#witness,
        environment,
        protocol.timing?.patienceMs ?? Infinity,
      ),
      electionTimeoutMs: protocol.timing?.patienceMs ?? 0,
      fail: (problem) => this.#witness.fail(new Violation(problem)),
    })
  }

  /** The first thing that must never be, and was. */
  async run(): Promise<Error | null> {
    try {
      for (const member of this.#cluster.members) this.#cluster.start(member)
      this.#injector.schedule(this.#plan.faults)
      this.load.start()
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
    this.load.calm()
    await this.#time.until(
      () => this.load.acknowledgedInCalm >= progress,
      livenessMs,
      () => {
        return `a healed cluster acknowledged ${this.load.acknowledgedInCalm} commands in ${livenessMs} ms`
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
    if (this.#later !== null) await this.#untilUpgraded(this.#later.version)
    this.load.finish()
    await this.#time.until(
      () => this.load.areDone,
      livenessMs,
      () => 'a healed cluster left callers without an answer',
    )
  }

  /** Every member has the later code: its version becomes active, on all of them. */
  async #untilUpgraded(version: number): Promise<void> {
    const late = () => this.#cluster.survivors.filter(({ machine }) => machine?.activeVersion !== version)
    await this.#time.until(
      () => late().length === 0,
      this.#plan.livenessMs,
      () =>
        `version ${version} did not become active on ${late()
          .map(({ id }) => id)
          .join(', ')}`,
    )
    this.counters.add('an upgrade comes to its end')
  }

  async #compare(): Promise<void> {
    await untilConverged(this.#cluster, this.#time, this.#plan.livenessMs, (position) =>
      this.#witness.describeLast(position),
    )
    await untilAtRest(this.#cluster, this.#time, this.#witness, () => this.load.left(), restMs)
    this.#witness.sweepAtRest()
    const complaint = await this.load.complaint(this.#cluster, this.#time)
    if (complaint !== null) throw new Violation(complaint)
  }
}

/** What a whole run goes through, whatever its moments bring. */
function countWeather(counters: Counters, { cluster: { ids, network } }: Plan): void {
  counters.add(`a cluster of ${ids.length}`)
  if ((network.loss ?? 0) > 0) counters.add('a network loses')
  if ((network.duplication ?? 0) > 0) counters.add('a network duplicates')
  if ((network.reordering ?? 0) > 0) counters.add('a network reorders')
}
