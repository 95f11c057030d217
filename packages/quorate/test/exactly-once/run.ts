import { virtualTime, type VirtualTime } from '@quorate/conformance'
import { QuorateError, seededRandom, type Position, type Random } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { PowerCutCluster } from '../power-cut/cluster.js'

type Cluster = PowerCutCluster<typeof counter>

/** Commands of the one client under way at once. */
const atOnce = 16
const longMs = 60_000

/** What one run came to. */
export interface ExactlyOnceReport {
  readonly value: number
  /** How often the client had to ask again. */
  readonly retries: number
}

/**
 * One client increments a counter through members that lose their power while they lead, with time-outs so short that it
 * has to ask again and again: the counter says in the end how many increments there were. Throws when it comes to no end.
 */
export async function exactlyOnce(
  seed: number,
  load: { readonly increments: number; readonly kills: number },
  settled: () => Promise<void>,
): Promise<ExactlyOnceReport> {
  const { increments, kills } = load
  const random = seededRandom(seed)
  const time = virtualTime({ settled, seed })
  const cluster = new PowerCutCluster(time, seed, counter)
  await cluster.during(cluster.start())
  const client = new Client(cluster, time, random, increments)
  const work = client.run()
  const reach = async (done: number): Promise<void> => {
    const isThere = (): boolean => cluster.stopped !== null || (client.done >= done && cluster.leader !== null)
    if (!(await time.until(isThere, longMs))) throw new Error(`no more than ${client.done} increments were answered`)
    if (cluster.stopped !== null) throw new Error(cluster.stopped)
  }
  for (let kill = 1; kill <= kills; kill += 1) {
    await reach((increments * kill) / (kills + 1))
    await cluster.during(cluster.cutPowerOf(cluster.leader?.id ?? ''))
  }
  await reach(increments)
  await cluster.during(work)
  const value = await cluster.during(client.value())
  await cluster.during(cluster.close())
  return { value, retries: client.retries }
}

/** A caller of its own session, which asks any member and asks again until it has an answer. */
class Client {
  done = 0
  retries = 0
  readonly #cluster: Cluster
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #increments: number
  readonly #outstanding = new Set<number>()
  #last = 0

  constructor(cluster: Cluster, time: VirtualTime, random: Random, increments: number) {
    this.#cluster = cluster
    this.#time = time
    this.#random = random
    this.#increments = increments
  }

  async run(): Promise<void> {
    const nonce = this.#time.environment.randomBytes(16)
    const session = await this.#untilAnswered((member) => member.openSession(nonce, { timeoutMs: 400 }))
    await Promise.all(Array.from({ length: atOnce }, () => this.#increment(session)))
  }

  value(): Promise<number> {
    return this.#untilAnswered((member) => member.queries.value({ timeoutMs: 400 }))
  }

  async #increment(session: Position): Promise<void> {
    while (this.#last < this.#increments) {
      const sequence = (this.#last += 1)
      this.#outstanding.add(sequence)
      const command = counter.commands.add.encode({ by: 1 })
      await this.#untilAnswered((member) => {
        const [lowestUnacknowledged = sequence] = this.#outstanding
        const place = { id: session, sequence, lowestUnacknowledged }
        return member.propose(command, { session: place, timeoutMs: 100 + this.#random.nextInt(400) })
      })
      this.#outstanding.delete(sequence)
      this.done += 1
    }
  }

  async #untilAnswered<Answer>(ask: (member: Cluster['members'][number]) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const { members } = this.#cluster
      const member = members[this.#random.nextInt(members.length)]
      try {
        if (member) return await ask(member)
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error
        this.retries += 1
      }
      await new Promise<void>((resolve) => void this.#time.environment.setTimer(5, resolve))
    }
  }
}
