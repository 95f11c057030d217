import { createClient, type Client } from '@quorate/client'
import { virtualTime } from '@quorate/conformance'
import { describeError, seededRandom } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { PowerCutCluster } from '../power-cut/cluster.js'
import { BadHttp } from './bad-http.js'

/** Commands of the one client under way at once. */
const atOnce = 16
const longMs = 60_000

/** What one run came to. */
export interface ExactlyOnceReport {
  readonly value: number
  /** How often the client sent a command again. */
  readonly retries: number
}

/**
 * One client increments a counter over HTTP that loses requests and answers, through members that lose their power while
 * they lead, and asks again and again: the counter says in the end how many increments there were. Throws when it comes to
 * no end, or when an increment ends otherwise than done.
 */
export async function exactlyOnce(
  seed: number,
  load: { readonly increments: number; readonly kills: number },
  settled: () => Promise<void>,
): Promise<ExactlyOnceReport> {
  const { increments, kills } = load
  const time = virtualTime({ settled, seed })
  const cluster = new PowerCutCluster(time, seed, counter)
  await cluster.during(cluster.start())
  const http = new BadHttp(time, seededRandom(seed), cluster)
  const addresses = cluster.members.map(({ id }) => `${id}:80`)
  const { environment } = time
  const client = createClient({ machine: counter, addresses, http, environment, attemptTimeoutMs: 150 })
  const caller = new Caller(client, increments)
  const work = caller.run()
  const reach = async (done: number): Promise<void> => {
    const hasFailed = (): boolean => cluster.stopped !== null || caller.failed !== null
    const isThere = (): boolean => hasFailed() || (caller.done >= done && cluster.leader !== null)
    const came = await time.until(isThere, longMs)
    if (hasFailed())
      throw new Error(`seed ${seed}: ${cluster.stopped ?? `an increment was not done: ${caller.failed}`}`)
    if (!came) throw new Error(`seed ${seed}: no more than ${caller.done} increments were answered`)
  }
  for (let kill = 1; kill <= kills; kill += 1) {
    await reach((increments * kill) / (kills + 1))
    await cluster.during(cluster.cutPowerOf(cluster.leader?.id ?? ''))
  }
  await reach(increments)
  await cluster.during(work)
  const value = await cluster.during(client.queries.value({ timeoutMs: longMs }))
  await cluster.during(client.close())
  await cluster.during(cluster.close())
  return { value, retries: http.commands - increments }
}

/** Who wants a number of increments, and gives each once: asking again is the client's business. */
class Caller {
  done = 0
  failed: string | null = null
  readonly #client: Client<typeof counter>
  #left: number

  constructor(client: Client<typeof counter>, increments: number) {
    this.#client = client
    this.#left = increments
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: atOnce }, () => this.#increment()))
  }

  async #increment(): Promise<void> {
    while (this.#left > 0 && this.failed === null) {
      this.#left -= 1
      try {
        await this.#client.commands.add({ by: 1 }, { timeoutMs: longMs })
        this.done += 1
      } catch (error) {
        this.failed = describeError(error)
      }
    }
  }
}
