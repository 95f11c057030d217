import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@quorate/client/node'
import { QuorateError, seededRandom } from '@quorate/contracts'
import { kv } from '@quorate/machine-kv'
import { afterAll, expect, test } from 'vitest'
import { freeAddresses } from '../src/addresses.js'
import { LocalCluster } from '../src/cluster.js'
import { equalDigests } from '../src/digests.js'

const program = fileURLToPath(new URL('../dist/member.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'quorate-death-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const rounds = 20
const writers = 8
const seed = 11
/** Small, so that a member that was away for one round has missed more than the log reaches back. */
const snapshotEvery = 10

/** How each key's only write ended for its writer. */
type End = 'acknowledged' | 'notDone' | 'unknown'

test('D34, D7: through 20 rounds in which all processes get SIGKILL under load, with snapshots taken and taken over, every acknowledged write is kept, and none is there twice', async () => {
  const members = await freeAddresses(5)
  const place = { directory, cluster: 'real-death', machine: 'kv' as const, members }
  const cluster = new LocalCluster(place, { program, electionTimeoutMs: [500, 1_000], snapshotEvery })
  const random = seededRandom(seed)
  const ends = new Map<string, End>()
  const installed: number[] = []
  cluster.on('installed', ({ position }) => installed.push(position))
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const away = `n${1 + (round % 5)}`
      await Promise.all(cluster.ids.filter((id) => id !== away).map((id) => cluster.start(id)))
      await cluster.leader()
      await expectKept(cluster, ends)
      await writeUntilDeath(cluster, round, 20 + random.nextInt(150), ends)
    }
    await cluster.startAll()
    await expectKept(cluster, ends)
    const acknowledged = [...ends.values()].filter((end) => end === 'acknowledged').length
    expect(acknowledged).toBeGreaterThan(rounds * 20)
    expect(installed.length).toBeGreaterThan(rounds / 4)
    await equalDigests(cluster.clientAddresses)
  } finally {
    await cluster.killAll()
  }
})

/** Every key is written once. At the wanted number of acknowledgements all processes die at one moment. */
async function writeUntilDeath(cluster: LocalCluster, round: number, wanted: number, ends: Map<string, End>) {
  let acknowledged = 0
  const deaths: Promise<void>[] = []
  const dead = new AbortController()
  const write = async (writer: number): Promise<void> => {
    const client = createClient({ machine: kv, addresses: [...cluster.clientAddresses], timeoutMs: 10_000 })
    for (let each = 1; deaths.length === 0; each += 1) {
      const key = `${round}/${writer}/${each}`
      ends.set(key, 'unknown')
      try {
        await client.commands.put({ key, value: key }, { signal: dead.signal })
        ends.set(key, 'acknowledged')
        acknowledged += 1
        if (acknowledged === wanted) deaths.push(cluster.killAll().then(() => dead.abort()))
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error
        ends.set(key, error.outcome === 'notDone' ? 'notDone' : 'unknown')
      }
    }
    await client.close()
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  await Promise.all(deaths)
}

/** Version 1: written once. A key that is missing must not have been acknowledged, one that is there not refused. */
async function expectKept({ clientAddresses }: LocalCluster, ends: ReadonlyMap<string, End>): Promise<void> {
  const client = createClient({ machine: kv, addresses: [...clientAddresses], timeoutMs: 20_000 })
  const versions = new Map<string, number>()
  let after: string | undefined
  do {
    const { entries, more } = await client.queries.range({
      prefix: '',
      limit: 1_000,
      ...(after === undefined ? {} : { after }),
    })
    for (const { key, version } of entries) versions.set(key, version)
    after = more ? entries.at(-1)?.key : undefined
  } while (after !== undefined)
  await client.close()
  const broken = [...ends].filter(([key, end]) => {
    const version = versions.get(key)
    if (version === undefined) return end === 'acknowledged'
    return version !== 1 || end === 'notDone'
  })
  expect(broken).toEqual([])
}
