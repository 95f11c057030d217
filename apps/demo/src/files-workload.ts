import { createClient } from '@quorate/client/node'
import { equalBytes, QuorateError } from '@quorate/contracts'
import { kv } from '@quorate/machine-kv'
import { DemoError } from './demo-error.js'
import { sourceFiles, type SourceFile } from './source-files.js'
import { shareOut } from './workers.js'
import { clientsAtOnce, type Workload, type WorkloadProgress } from './workload.js'

/** Stores every file of this repository, and reads every acknowledged one back. */
export function filesWorkload(addresses: readonly string[]): Workload {
  const files = sourceFiles()
  const kibibytes = Math.round(files.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1024)
  const clients = Array.from({ length: clientsAtOnce }, () => createClient({ machine: kv, addresses: [...addresses] }))
  const acknowledged: SourceFile[] = []

  async function put({ path, bytes }: SourceFile, client: (typeof clients)[number], progress: WorkloadProgress) {
    for (;;) {
      try {
        await client.commands.put({ key: path, value: bytes })
        return
      } catch (error) {
        // The same bytes under the same path: writing them twice does no harm, so a write in doubt is written again.
        if (!(error instanceof QuorateError) || error.outcome === 'fatal') throw error
        progress.onFailure(error)
      }
    }
  }

  return {
    what: 'files',
    total: files.length,
    plan: `${files.length} files of this repository, ${kibibytes} KiB, through ${clientsAtOnce} clients`,
    write: (progress) =>
      shareOut(files, clients, async (file, client) => {
        await put(file, client, progress)
        acknowledged.push(file)
        progress.onAcknowledged()
      }),
    async check(onRead) {
      let done = 0
      await shareOut(acknowledged, clients, async ({ path, bytes }, client) => {
        const entry = await client.queries.get({ key: path })
        if (entry === null) throw new DemoError(`${path} was acknowledged and is not there`)
        if (!(entry.value instanceof Uint8Array) || !equalBytes(entry.value, bytes)) {
          throw new DemoError(`${path} was acknowledged and came back with other bytes`)
        }
        onRead((done += 1), acknowledged.length)
      })
      return `${acknowledged.length} acknowledged files are all there, byte for byte (linearizable reads)`
    },
    examples: examplesOf(addresses),
    close: async () => {
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}

function examplesOf(addresses: readonly string[]): readonly string[] {
  const at = (ordinal: number): string => `http://${addresses[ordinal] ?? ''}/v1`
  return [
    `curl -L --json '{"key":"hello","value":"world"}' ${at(0)}/commands/put`,
    `curl -L --json '{"key":"hello"}' ${at(1)}/queries/get`,
    `curl '${at(2)}/status?digest=true'`,
  ]
}
