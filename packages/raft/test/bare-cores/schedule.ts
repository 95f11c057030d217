import { seededRandom, token, type Random } from '@quorate/contracts'
import type { RaftOptions } from '../../src/index.js'
import { BareCluster, type Counters } from './cluster.js'
import { expectHolds } from './invariants.js'

/** What one schedule came to. */
export interface ScheduleResult {
  readonly commits: number
  readonly crashes: number
  readonly counters: Readonly<Counters>
}

type Act = readonly [weight: number, act: (cluster: BareCluster, random: Random) => unknown]

/**
 * Each schedule draws its own weather ("swarm"): the dangers that need many elections in a row, as Figure 8 does, those
 * that need a long quiet stretch, and those that need a disk far behind the others do not come in the same weather.
 */
interface Weather {
  readonly campaigns: number
  readonly ticks: number
  readonly crashesPerThousand: number
  readonly cutsPerThousand: number
  /** How many of a hundred packets overtake those that were sent before. */
  readonly overtakingPercent: number
}

const weathers: readonly Weather[] = [
  { campaigns: 0, ticks: 12, crashesPerThousand: 2, cutsPerThousand: 2, overtakingPercent: 100 },
  { campaigns: 0, ticks: 5, crashesPerThousand: 3, cutsPerThousand: 3, overtakingPercent: 20 },
  { campaigns: 1, ticks: 12, crashesPerThousand: 4, cutsPerThousand: 6, overtakingPercent: 60 },
  { campaigns: 2, ticks: 4, crashesPerThousand: 6, cutsPerThousand: 8, overtakingPercent: 10 },
  { campaigns: 3, ticks: 12, crashesPerThousand: 12, cutsPerThousand: 4, overtakingPercent: 40 },
  { campaigns: 8, ticks: 12, crashesPerThousand: 25, cutsPerThousand: 0, overtakingPercent: 100 },
  // Images travel, and are no longer wanted when they come, where leaders change and few die.
  { campaigns: 4, ticks: 12, crashesPerThousand: 1, cutsPerThousand: 4, overtakingPercent: 30 },
  { campaigns: 8, ticks: 4, crashesPerThousand: 1, cutsPerThousand: 6, overtakingPercent: 10 },
]

/** Odd clusters mostly; even ones are those in which half is no majority. */
const sizes = [3, 3, 3, 5, 5, 4, 2]

/** What is slow, and who saves snapshots: a cluster in which only one does has whole logs and short ones at once. */
interface Traits {
  readonly slowDisks: ReadonlySet<number>
  readonly slowAppliers: ReadonlySet<number>
  readonly slowImages: boolean
  readonly onlySaver: boolean
}

function drawTraits(random: Random): Traits {
  return {
    slowDisks: new Set(random.nextInt(2) === 0 ? [] : [random.nextInt(5), random.nextInt(5)]),
    // A snapshot overtakes only an applier that is slow (PORTS 9.14).
    slowAppliers: new Set(random.nextInt(2) === 0 ? [] : [random.nextInt(5)]),
    slowImages: random.nextInt(2) === 0,
    onlySaver: random.nextInt(2) === 0,
  }
}

function actsIn(weather: Weather, traits: Traits): readonly Act[] {
  const { slowDisks, slowAppliers } = traits
  return [
    [weather.campaigns, campaign],
    [60, (cluster, random) => deliver(cluster, random, weather.overtakingPercent)],
    [50, (cluster, random) => cluster.takeReady(pick(cluster.members, random))],
    [
      40,
      (cluster, random) => {
        const at = random.nextInt(cluster.members.length)
        const member = cluster.members[at]
        if (!member || member.disk.waiting === 0 || (slowDisks.has(at) && random.nextInt(12) > 0)) return
        cluster.persist(member, 1 + random.nextInt(member.disk.waiting))
      },
    ],
    [
      weather.ticks,
      (cluster, random) => {
        const missed = random.nextInt(40) === 0 ? random.nextInt(30) : 0
        cluster.step(pick(cluster.members, random), { kind: 'tick', missed })
      },
    ],
    [
      40,
      (cluster, random) => {
        const at = random.nextInt(cluster.members.length)
        const member = cluster.members[at]
        if (!member || (slowAppliers.has(at) && random.nextInt(20) > 0)) return
        cluster.apply(member, 1 + random.nextInt(4))
      },
    ],
    [
      4,
      (cluster, random) => {
        const member = pick(cluster.members, random)
        if (!traits.onlySaver || member === cluster.members[0]) cluster.save(member)
      },
    ],
    [
      8,
      (cluster, random) => {
        if (traits.slowImages && random.nextInt(10) > 0) return
        cluster.fetch(pick(cluster.members, random), random.nextInt(8) === 0)
      },
    ],
    [1, (cluster, random) => random.nextInt(4) === 0 && cluster.transfer(pickLeader(cluster, random))],
    [1, (cluster, random) => random.nextInt(4) === 0 && cluster.suspect(pick(cluster.members, random))],
    [
      6,
      (cluster, random) => {
        const member = pickLeader(cluster, random)
        for (let left = 1 + random.nextInt(4); left > 0; left -= 1) cluster.propose(member)
      },
    ],
    [4, (cluster, random) => cluster.read(pickLeader(cluster, random))],
    [
      1,
      (cluster, random) => {
        const peer = pick(cluster.members, random).id
        const member = pick(cluster.members, random)
        if (random.nextInt(2) === 0) cluster.step(member, { kind: 'linkUp', peer, connection: 1 })
        else cluster.step(member, { kind: 'dropped', peer, channel: 'log' })
      },
    ],
  ]
}

/** A packet arrives, once or twice, or is lost: the oldest, or any of those on their way. */
function deliver(cluster: BareCluster, random: Random, overtakingPercent: number): void {
  if (cluster.packets === 0) return
  const fate = random.nextInt(100)
  const at = random.nextInt(100) < overtakingPercent ? random.nextInt(cluster.packets) : 0
  cluster.deliver(at, fate < 6 ? 'lost' : fate < 12 ? 'twice' : 'once')
}

/**
 * One random schedule: drop, duplicate, reorder, cut, crash before and after persist, restart. Then everything heals, and
 * the cluster has to agree on one more command.
 */
export function runSchedule(seed: number, steps: number): ScheduleResult {
  const random = seededRandom(seed)
  const options: RaftOptions = {
    electionTimeoutMs: [60, 120],
    heartbeatMs: 20,
    preVote: random.nextInt(4) > 0,
    checkQuorum: random.nextInt(4) > 0,
    inflightMessagesMax: random.nextInt(2) === 0 ? 1 : 1 + random.nextInt(4),
    batchEntriesMax: random.nextInt(2) === 0 ? 1 : 1 + random.nextInt(5),
    tailEntriesMax: random.nextInt(3),
    transferTailBytesMax: random.nextInt(2) === 0 ? 40 : 100_000,
  }
  const cluster = new BareCluster(pick(sizes, random), random, options)
  const weather = random.nextInt(2) === 0 ? pick(weathers.slice(-2), random) : pick(weathers, random)
  // A crash in the first moments loses all that was ever written (PORTS 9.6).
  const infancy = random.nextInt(3) === 0 ? 60 : 0
  const acts = actsIn(weather, drawTraits(random))
  let crashes = 0
  for (let step = 0; step < steps; step += 1) {
    try {
      const fate = random.nextInt(1_000)
      if (step < infancy && fate < 100) {
        crashes += 1
        cluster.crash(pick(cluster.members, random), true)
      } else if (fate < weather.crashesPerThousand) {
        crashes += 1
        cluster.crash(random.nextInt(2) === 0 ? pickLeader(cluster, random) : pick(cluster.members, random))
      } else if (fate < weather.crashesPerThousand + 20) {
        for (const member of cluster.members) if (!member.core) cluster.restart(member)
      } else if (fate > 999 - weather.cutsPerThousand) {
        cutOff(cluster, random)
      } else if (fate > 989 - weather.cutsPerThousand) {
        cluster.heal()
      } else {
        drawAct(acts, random)(cluster, random)
      }
    } catch (error) {
      throw failure(seed, `step ${step}`, error)
    }
  }
  try {
    expectProgress(cluster)
  } catch (error) {
    throw failure(seed, 'healed', error)
  }
  return { commits: cluster.commits, crashes, counters: cluster.counters }
}

/** A member that cannot wait: it starts an election whatever it heard. */
function campaign(cluster: BareCluster, random: Random): void {
  cluster.step(pick(cluster.members, random), { kind: 'admin', token: token(0), command: { kind: 'campaign' } })
}

/** Liveness: with everything healed, one more command is committed by all within a bounded time. */
function expectProgress(cluster: BareCluster): void {
  cluster.heal()
  for (const member of cluster.members) if (!member.core) cluster.restart(member)
  const before = cluster.commits
  for (let round = 0; round < 400; round += 1) {
    for (const member of cluster.members) {
      cluster.step(member, { kind: 'tick', missed: 0 })
      if (round % 20 === 19 && member.core?.state.role === 'leader') cluster.propose(member)
    }
    for (let turn = 0; turn < 8; turn += 1) {
      for (const member of cluster.members) {
        while (member.core?.hasReady()) cluster.takeReady(member)
        cluster.persist(member, member.disk.waiting)
        cluster.apply(member, Infinity)
        cluster.fetch(member, false)
      }
      for (let left = cluster.packets; left > 0; left -= 1) cluster.deliver(0, 'once')
    }
    if (cluster.members.every((member) => member.applied > before + 1)) return
  }
  const states = cluster.members.map((member) => JSON.stringify(member.core?.describe()))
  expectHolds(false, () => `no progress within 400 ticks:\n${states.join('\n')}`)
}

/** Says what broke, and last how to see it again. */
function failure(seed: number, when: string, cause: unknown): Error {
  const replay = `SEED=${seed} npx vitest run --project unit packages/raft/test/bare-cores.test.ts`
  return new Error(`seed ${seed}, ${when}: ${String(cause)}\n${replay}`, { cause })
}

/** A leader that is cut off goes on taking commands: its log is of another history when it comes back. */
function isolateLeader(cluster: BareCluster, random: Random): void {
  const leader = pickLeader(cluster, random)
  for (const { id } of cluster.members) {
    cluster.cut(leader.id, id)
    cluster.cut(id, leader.id)
  }
  for (let left = 4 + random.nextInt(8); left > 0; left -= 1) cluster.propose(leader)
}

/** One member loses some of the others, in one direction or in both. */
function cutOff(cluster: BareCluster, random: Random): void {
  if (random.nextInt(3) === 0) {
    isolateLeader(cluster, random)
    return
  }
  const one = pick(cluster.members, random).id
  for (const { id } of cluster.members) {
    if (id === one || random.nextInt(3) === 0) continue
    cluster.cut(one, id)
    if (random.nextInt(2) === 0) cluster.cut(id, one)
  }
}

function drawAct(acts: readonly Act[], random: Random): Act[1] {
  let left = random.nextInt(acts.reduce((sum, [weight]) => sum + weight, 0))
  for (const [weight, act] of acts) {
    left -= weight
    if (left < 0) return act
  }
  throw new Error('weights add up')
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[random.nextInt(items.length)]
  if (item === undefined) throw new Error('there is nothing to pick from')
  return item
}

function pickLeader(cluster: BareCluster, random: Random) {
  const leaders = cluster.members.filter((member) => member.core?.state.role === 'leader')
  return leaders.length > 0 && random.nextInt(5) > 0 ? pick(leaders, random) : pick(cluster.members, random)
}
