import { seededRandom, token, type Random } from '@quorate/contracts'
import type { RaftOptions } from '../../src/index.js'
import { BareCluster } from './cluster.js'
import { expectHolds } from './invariants.js'

/** What one schedule came to. */
export interface ScheduleResult {
  readonly commits: number
  readonly reads: number
  readonly crashes: number
}

type Act = readonly [weight: number, act: (cluster: BareCluster, random: Random) => void]

/**
 * Each schedule draws its own weather ("swarm"): the dangers that need many elections in a row, as Figure 8 does, and
 * those that need a long quiet stretch do not come in the same weather.
 */
const weathers: readonly {
  readonly campaigns: number
  readonly crashesPerThousand: number
  readonly cutsPerThousand: number
}[] = [
  { campaigns: 0, crashesPerThousand: 2, cutsPerThousand: 2 },
  { campaigns: 1, crashesPerThousand: 6, cutsPerThousand: 6 },
  { campaigns: 3, crashesPerThousand: 15, cutsPerThousand: 4 },
  { campaigns: 6, crashesPerThousand: 30, cutsPerThousand: 0 },
]

const acts: readonly Act[] = [
  [
    40,
    (cluster, random) => {
      if (cluster.packets === 0) return
      const fate = random.nextInt(100)
      cluster.deliver(random.nextInt(cluster.packets), fate < 6 ? 'lost' : fate < 12 ? 'twice' : 'once')
    },
  ],
  [26, (cluster, random) => cluster.takeReady(pick(cluster.members, random))],
  [
    20,
    (cluster, random) => {
      const member = pick(cluster.members, random)
      if (member.disk.waiting > 0) cluster.persist(member, 1 + random.nextInt(member.disk.waiting))
    },
  ],
  [
    14,
    (cluster, random) => {
      const missed = random.nextInt(40) === 0 ? random.nextInt(30) : 0
      cluster.step(pick(cluster.members, random), { kind: 'tick', missed })
    },
  ],
  [6, (cluster, random) => cluster.propose(pickLeader(cluster, random))],
  [2, (cluster, random) => cluster.read(pickLeader(cluster, random))],
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

/**
 * One random schedule of three (even seeds) or five members: drop, duplicate, reorder, cut, crash before and after persist, restart. Then everything heals,
 * and the cluster has to agree on one more command.
 */
export function runSchedule(seed: number, steps: number): ScheduleResult {
  const size = seed % 2 === 0 ? 3 : 5
  const random = seededRandom(seed * 8 + size)
  const options: RaftOptions = {
    electionTimeoutMs: [60, 120],
    heartbeatMs: 20,
    preVote: random.nextInt(4) > 0,
    checkQuorum: random.nextInt(4) > 0,
    inflightMessagesMax: random.nextInt(2) === 0 ? 1 : 1 + random.nextInt(4),
    batchEntriesMax: random.nextInt(2) === 0 ? 1 : 1 + random.nextInt(5),
  }
  const cluster = new BareCluster(size, random, options)
  const weather = pick(weathers, random)
  const weights: readonly Act[] = [[weather.campaigns, campaign], ...acts]
  let crashes = 0
  for (let step = 0; step < steps; step += 1) {
    try {
      const fate = random.nextInt(1_000)
      if (fate < weather.crashesPerThousand) {
        crashes += 1
        cluster.crash(pick(cluster.members, random))
      } else if (fate < weather.crashesPerThousand * 3) {
        for (const member of cluster.members) if (!member.core) cluster.restart(member)
      } else if (fate > 999 - weather.cutsPerThousand) {
        cutOrHeal(cluster, random)
      } else {
        drawAct(weights, random)(cluster, random)
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
  return { commits: cluster.commits, reads: cluster.reads, crashes }
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
      }
      for (let left = cluster.packets; left > 0; left -= 1) cluster.deliver(0, 'once')
    }
    if (cluster.members.every((member) => member.delivered > before + 1)) return
  }
  const states = cluster.members.map((member) => JSON.stringify(member.core?.describe()))
  expectHolds(false, () => `no progress within 400 ticks:\n${states.join('\n')}`)
}

/** Says what broke, and last how to see it again. */
function failure(seed: number, when: string, cause: unknown): Error {
  const replay = `SEED=${seed} npx vitest run --project unit packages/raft/test/bare-cores.test.ts`
  return new Error(`seed ${seed}, ${when}: ${String(cause)}\n${replay}`, { cause })
}

function cutOrHeal(cluster: BareCluster, random: Random): void {
  if (random.nextInt(3) === 0) {
    cluster.heal()
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
