import type { Random } from '@quorate/contracts'
import type { Asker } from '../clients/asker.js'
import { Askers } from '../clients/askers.js'
import type { Load, LoadSurroundings } from '../load.js'
import type { Cluster } from '../world/cluster.js'
import type { WatchedTime } from '../world/watched-time.js'
import { alarms, watchedAlarms, type AlarmsWatch } from './alarms.js'

/** What is looked at of deadlines, in milliseconds of the world. */
interface Alarm {
  readonly inMs: number
  readonly askedMs: number
  /** When the first member applied it, and what was known of leaders then. */
  set: { readonly atMs: number; readonly withoutLeaderMs: number; readonly changes: number } | null
  hasRung: boolean
}

/** The longest that somebody sets an alarm for, and when all is well, in milliseconds. */
const longestMs = 6_000
const calmLongestMs = 100

/** Cluster time is told in whole milliseconds. */
const resolutionMs = 1

/** How long an alarm may take beside everything else: to be set, told and applied, in milliseconds. */
const slackMs = 60

/**
 * Whoever sets alarms and asks for nothing more until they ring. No alarm may ring before its time, or later than the time in
 * which nobody led, and one election timeout for each leader that there was since (decision 0012).
 */
export class AlarmSetters implements Load<typeof alarms> {
  readonly #world: LoadSurroundings<typeof alarms>
  readonly #askers: Askers<typeof alarms>
  readonly #alarms: Alarm[] = []
  acknowledged = 0
  acknowledgedInCalm = 0
  #isCalm = false
  #isOver = false
  #active = 0

  constructor(world: LoadSurroundings<typeof alarms>, observed: ObservedAlarms) {
    this.#world = world
    observed.watch = { onSet: (alarm) => this.#onSet(alarm), onRang: (alarm) => this.#onRang(alarm) }
    this.#askers = new Askers(
      { ...world, isOver: () => this.#isOver, isCalm: () => this.#isCalm, clusters: () => 1 },
      alarms,
    )
  }

  get areDone(): boolean {
    const waiting = this.#alarms.some(({ set, hasRung }) => set !== null && !hasRung)
    return this.#active === 0 && !waiting && this.#askers.areQuiet
  }

  start(): void {
    this.#world.leadership.start()
    for (let at = 0; at < this.#world.load.clients; at += 1) {
      const random = this.#world.random.fork()
      void this.#go(this.#askers.next(random.fork()), random)
    }
  }

  calm(): void {
    this.#isCalm = true
  }

  onReplaced(): void {
    throw new TypeError('alarms are set in one cluster')
  }

  finish(): void {
    this.#isOver = true
  }

  left(): Promise<string | null> {
    return this.#askers.left()
  }

  async complaint(cluster: Cluster<typeof alarms>, time: WatchedTime): Promise<string | null> {
    const [member] = cluster.survivors
    if (!member) return null
    const asked = member.ask((replica) => replica.queries.all({ consistency: 'local' }))
    const { rang } = await time.during(asked, 1_000, 'reading what has rung')
    const often = Object.entries(rang).find(([, times]) => times !== 1)
    if (often) return `alarm ${often[0]} has rung ${often[1]} times`
    const lost = this.#alarms.findIndex(({ set }, alarm) => set !== null && rang[alarm] === undefined)
    return lost === -1 ? null : `alarm ${lost} was set, and has not rung`
  }

  async #go(asker: Asker, random: Random): Promise<void> {
    this.#active += 1
    while (!this.#isOver) {
      const inMs = random.nextInt(this.#isCalm ? calmLongestMs : longestMs)
      await this.#set(asker, inMs)
      await asker.pause(this.#isCalm ? random.nextInt(20) : inMs + random.nextInt(500))
    }
    this.#active -= 1
  }

  async #set(asker: Asker, inMs: number): Promise<void> {
    const isCalm = this.#isCalm
    const alarm = this.#alarms.length
    this.#alarms.push({ inMs, askedMs: this.#nowMs(), set: null, hasRung: false })
    const input = { alarm, inMs }
    const ending = await asker.command({ name: 'set', input, request: alarms.commands.set.encode(input) })
    this.#world.counters.add(`a command ends: ${ending.kind}`)
    if (ending.kind !== 'answered') return
    this.acknowledged += 1
    if (isCalm) this.acknowledgedInCalm += 1
  }

  #onSet(at: number): void {
    const alarm = this.#alarms[at]
    if (!alarm || alarm.set !== null) return
    const { withoutLeaderMs, changes } = this.#world.leadership
    alarm.set = { atMs: this.#nowMs(), withoutLeaderMs, changes }
  }

  /** Called on each member, the first of which counts. */
  #onRang(at: number): void {
    const alarm = this.#alarms[at]
    if (!alarm?.set || alarm.hasRung) return
    alarm.hasRung = true
    const { counters, leadership, electionTimeoutMs } = this.#world
    const nowMs = this.#nowMs()
    counters.add('an alarm rings')
    const earlyMs = alarm.askedMs + alarm.inMs - nowMs
    if (earlyMs >= resolutionMs) this.#world.fail(`alarm ${at} rang ${earlyMs} ms before its time`)
    const withoutLeaderMs = leadership.withoutLeaderMs - alarm.set.withoutLeaderMs
    const changes = leadership.changes - alarm.set.changes
    const lateMs = nowMs - alarm.set.atMs - alarm.inMs
    const excessMs = lateMs - withoutLeaderMs
    if (excessMs > changes * electionTimeoutMs + slackMs) {
      this.#world.fail(
        `alarm ${at} of ${alarm.inMs} ms rang ${lateMs} ms late: nobody led for ${withoutLeaderMs} ms, and ${changes} leaders were lost`,
      )
    }
  }

  #nowMs(): number {
    return this.#world.environment.monotonicMs()
  }
}

/** The machine, made before whoever looks at it. */
export class ObservedAlarms {
  watch: AlarmsWatch | null = null
  readonly machine = watchedAlarms({
    onSet: (alarm) => this.watch?.onSet(alarm),
    onRang: (alarm) => this.watch?.onRang(alarm),
  })
}
