import { createClient } from '@quorate/client/node'
import { QuorateError } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { DemoError } from './demo-error.js'
import { shareOut } from './workers.js'
import { clientsAtOnce, type Workload } from './workload.js'

const increments = 1_000

/** Adds one, a thousand times. The client sends again what is in doubt, in its session; what stays so is not repeated here. */
export async function counterWorkload(addresses: readonly string[]): Promise<Workload> {
  const clients = Array.from({ length: clientsAtOnce }, () =>
    createClient({ machine: counter, addresses: [...addresses] }),
  )
  const [first] = clients
  const before = (await first?.queries.value()) ?? 0
  let acknowledged = 0
  let unknown = 0
  return {
    what: 'increments',
    total: increments,
    plan: `${increments} increments through ${clientsAtOnce} clients, from ${before}`,
    write: (progress) =>
      shareOut(
        Array.from({ length: increments }, (_, at) => at),
        clients,
        async (_, client) => {
          for (;;) {
            try {
              await client.commands.add({ by: 1 })
              acknowledged += 1
              return progress.onAcknowledged()
            } catch (error) {
              if (!(error instanceof QuorateError) || error.outcome === 'fatal') throw error
              progress.onFailure(error)
              if (error.outcome === 'notDone') continue
              unknown += 1
              return
            }
          }
        },
      ),
    async check() {
      const counted = ((await first?.queries.value()) ?? 0) - before
      const most = acknowledged + unknown
      if (counted < acknowledged || counted > most) {
        throw new DemoError(
          `${acknowledged} were acknowledged and ${unknown} in doubt, and the counter says ${counted}`,
        )
      }
      if (unknown === 0) return `the counter says exactly ${counted}`
      return `the counter says ${counted}: ${acknowledged} acknowledged, and ${counted - acknowledged} of the ${unknown} in doubt`
    },
    examples: [
      `curl -L --json '{"by":1}' http://${addresses[0] ?? ''}/v1/commands/add`,
      `curl -L -X POST http://${addresses[1] ?? ''}/v1/queries/value`,
      `curl 'http://${addresses[2] ?? ''}/v1/status?digest=true'`,
    ],
    close: async () => {
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}
