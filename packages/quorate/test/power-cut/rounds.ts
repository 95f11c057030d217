import { virtualTime, type VirtualTime } from '@quorate/conformance'
import { describeError, QuorateError, seededRandom, type Random } from '@quorate/contracts'
import { Accounts } from './accounts.js'
import { PowerCutCluster } from './cluster.js'
import { ledger } from './ledger.js'

/** How many callers write at once, each one command after the other. */
const writers = 6
const longMs = 60_000

/** What the rounds of one seed came to. */
export interface PowerCutReport {
  readonly acknowledged: number
  readonly unknown: number
  readonly notDone: number
  readonly snapshots: { readonly saved: number; readonly installed: number }
}

/**
 * Rounds of the same story: three members run under load, all lose their power at a random moment, and start again from
 * what their disks kept. After each, every acknowledged command is there, none is there twice, and none that was refused.
 * Throws with the seed and the round when that does not hold.
 */
export async function powerCutRounds(
  seed: number,
  rounds: number,
  settled: () => Promise<void>,
): Promise<PowerCutReport> {
  const random = seededRandom(seed)
  const time = virtualTime({ settled, seed })
  const cluster = new PowerCutCluster(time, seed, ledger)
  const accounts = new Accounts()
  for (let round = 1; round <= rounds; round += 1) {
    try {
      await cluster.during(cluster.start())
      await checkAll(cluster, time, accounts)
      await writeUntilCut(cluster, time, accounts, random)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      throw new Error(`seed ${seed}, round ${round}: ${text}`, { cause: error })
    }
  }
  await cluster.during(cluster.start())
  await checkAll(cluster, time, accounts)
  await cluster.during(cluster.close())
  return {
    acknowledged: accounts.count('acknowledged'),
    unknown: accounts.count('unknown'),
    notDone: accounts.count('notDone'),
    snapshots: cluster.snapshots,
  }
}

/** Reads the ledger, linearizable, from whoever leads; and what each member has of it. */
async function checkAll(cluster: PowerCutCluster<typeof ledger>, time: VirtualTime, accounts: Accounts): Promise<void> {
  const entries = await cluster.during(readLinearizable(cluster, time))
  const complaint = accounts.complaintAbout(entries)
  if (complaint !== null) throw new Error(complaint)
  for (const member of cluster.members) {
    const own = await member.queries.all({ consistency: 'local' }).catch((error: unknown) => {
      throw new Error(cluster.stopped ?? `${member.id} stopped: ${describeError(error)}`, { cause: error })
    })
    const differs = own.findIndex((entry, at) => entry !== entries[at])
    if (differs >= 0) throw new Error(`${member.id} has another command at place ${differs + 1} than the leader`)
  }
}

async function readLinearizable(
  cluster: PowerCutCluster<typeof ledger>,
  time: VirtualTime,
): Promise<readonly number[]> {
  for (;;) {
    if (cluster.stopped !== null) throw new Error(cluster.stopped)
    try {
      if (cluster.leader) return await cluster.leader.queries.all()
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error
    }
    await pause(time, 5)
  }
}

async function writeUntilCut(
  cluster: PowerCutCluster<typeof ledger>,
  time: VirtualTime,
  accounts: Accounts,
  random: Random,
): Promise<void> {
  let isCut = false
  const wanted = accounts.count('acknowledged') + 3 + random.nextInt(40)
  const victim = random.nextInt(3) < 2 ? cluster.members[random.nextInt(cluster.members.length)] : undefined
  if (victim) cluster.cutOff(victim.id)
  const work = Array.from({ length: writers }, (_, writer) =>
    write(cluster, time, accounts, writer, random.fork(), () => isCut),
  )
  const isOver = (): boolean => accounts.count('acknowledged') >= wanted || cluster.stopped !== null
  const came = await time.until(isOver, longMs)
  if (cluster.stopped !== null) throw new Error(cluster.stopped)
  if (!came) {
    throw new Error(`no further command was acknowledged in ${longMs} ms`)
  }
  if (random.nextInt(2) === 0) cluster.heal()
  await time.pass(random.nextInt(25))
  isCut = true
  await cluster.during(cluster.cutPower())
  await cluster.during(Promise.all(work))
}

/** One caller: whatever ends after the cut is unknown to it, whatever the dying member still said. */
async function write(
  cluster: PowerCutCluster<typeof ledger>,
  time: VirtualTime,
  accounts: Accounts,
  writer: number,
  random: Random,
  isCut: () => boolean,
): Promise<void> {
  while (!isCut()) {
    const { leader } = cluster
    if (leader === null) {
      await pause(time, 5)
      continue
    }
    const entry = accounts.newEntry()
    try {
      await leader.commands.append({ entry }, { timeoutMs: 2_000 })
      accounts.record(writer, entry, isCut() ? 'unknown' : 'acknowledged')
      await pause(time, random.nextInt(10))
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error
      accounts.record(writer, entry, error.outcome === 'notDone' ? 'notDone' : 'unknown')
      await pause(time, 5)
    }
  }
}

function pause({ environment }: VirtualTime, ms: number): Promise<void> {
  return new Promise((resolve) => void environment.setTimer(ms, resolve))
}
