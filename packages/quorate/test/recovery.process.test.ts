import { fork, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { QuorateError } from '@quorate/contracts'
import { createClient } from '@quorate/client/node'
import { counter } from '@quorate/machine-counter'
import { bundleSources } from '../../../tools/source-bundle.mjs'
import { freeAddress } from './faulty-network/cluster.js'

const ids = ['n1', 'n2', 'n3']
const children = new Set<ChildProcess>()
let root = ''
const inRoot = (...names: string[]): string => join(root, ...names)

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-recovery-'))
  const packages = join(import.meta.dirname, '..', '..')
  await bundleSources(join(packages, 'quorate/test/recovery/member.ts'), inRoot('member.mjs'))
  await bundleSources(join(packages, 'quorate/src/recovery.ts'), inRoot('recovery.mjs'))
  await bundleSources(join(packages, 'storage-file/src/node/main.ts'), inRoot('quorate-storage.mjs'))
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(root, { recursive: true })
})

async function addresses(): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const id of ids) found[id] = await freeAddress()
  return found
}

/** Starts a member in each of these directories, and resolves when all listen. */
async function startAll(
  cluster: string,
  members: Record<string, string>,
  parent: string,
  gateways: Record<string, string>,
): Promise<ChildProcess[]> {
  return Promise.all(
    ids.map(async (id) => {
      const options = { id, cluster, members, directory: join(parent, id), gateway: gateways[id] }
      const child = fork(inRoot('member.mjs'), [JSON.stringify(options)])
      children.add(child)
      const [said] = (await once(child, 'message')) as [unknown]
      expect(said).toBe('ready')
      return child
    }),
  )
}

async function ask(child: ChildProcess | undefined, what: 'add' | 'value'): Promise<unknown> {
  if (!child) throw new Error('there is no such member')
  child.send(what)
  return ((await once(child, 'message')) as [unknown])[0]
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (!child) throw new Error('there is no such member')
  child.kill('SIGKILL')
  await once(child, 'exit')
  children.delete(child)
}

function recover(...args: string[]): { code: number | null; said: string; complained: string } {
  const given = ['recover', inRoot('old', 'n3'), '--cluster', 'shop-2', '--with', inRoot('recovery.mjs'), ...args]
  const run = spawnSync(process.execPath, [inRoot('quorate-storage.mjs'), ...given], { encoding: 'utf8', input: '' })
  return { code: run.status, said: run.stdout, complained: run.stderr }
}

/** Every file with its bytes, but for what says who has the directory. */
function contents(directory: string): [string, string][] {
  const names = readdirSync(directory).filter((name) => name !== 'LOCK')
  return names.sort().map((name) => [name, readFileSync(join(directory, name), 'latin1')])
}

test('a cluster whose majority is gone for good goes on as another, with all that the survivor had', async () => {
  const gateways = await addresses()
  const clientOf = () => createClient({ machine: counter, addresses: Object.values(gateways), timeoutMs: 60_000 })
  const old = await startAll('shop', await addresses(), inRoot('old'), gateways)
  for (let count = 1; count <= 20; count += 1) expect(await ask(old[0], 'add')).toBe(count)
  expect(await ask(old[2], 'value')).toBe(20)
  const [living, newcomer] = [clientOf(), clientOf()]
  expect([await living.commands.add({ by: 1 }), await living.queries.value()]).toEqual([21, 21])
  await kill(old[0])
  await kill(old[1])
  const during = Array.from({ length: 8 }, () => living.commands.add({ by: 1 }).catch((error: unknown) => error))
  await expect(living.queries.value({ timeoutMs: 2_000 })).rejects.toMatchObject({ outcome: 'notDone' })
  for (const id of ['n1', 'n2']) await rm(inRoot('old', id), { recursive: true })

  const members = await addresses()
  const wanted = ids.flatMap((id) => ['--member', `${id}=${members[id]}`])
  const early = recover(...wanted)
  expect(early.code).toBe(2)
  expect(early.complained).toContain(`process ${old[2]?.pid} `)
  await kill(old[2])
  const before = contents(inRoot('old', 'n3'))

  const plan = recover(...wanted)
  expect(plan.complained).toBe('')
  expect(plan.code).toBe(0)
  expect(plan.said).toMatch(/n3 of [0-9a-f]{32} \(with n1, n2, n3\): ends in epoch \d+ at position \d+ {3}<- goes on/)
  expect(plan.said).toMatch(/Committed for certain: up to position \d+, by its snapshot/)
  expect(plan.said).toContain('Nothing was written. Add --into')
  const unasked = recover(...wanted, '--into', inRoot('new'))
  expect(unasked.code).toBe(2)
  expect(unasked.complained).toContain('answer on a terminal, or add --yes')
  expect(readdirSync(root)).not.toContain('new')

  const done = recover(...wanted, '--into', inRoot('new'), '--yes')
  expect(done.complained).toBe('')
  expect(done.said).toContain("start the members with cluster: 'shop-2'")
  expect(contents(inRoot('old', 'n3'))).toEqual(before)
  await rename(inRoot('old'), inRoot('kept'))

  const next = await startAll('shop-2', members, inRoot('new'), gateways)
  const [value, ...others] = await Promise.all(next.map((child) => ask(child, 'value')))
  expect(others).toEqual([value, value])

  // A client of the lost cluster goes on in no other one: it says so, and what was in doubt stays in doubt.
  const ended = (await Promise.all(during)) as QuorateError[]
  expect(new Set(ended.map(({ code }) => code))).toEqual(new Set(['WRONG_CLUSTER']))
  const inDoubt = ended.filter(({ outcome }) => outcome === 'unknown').length
  expect(value).toBeGreaterThanOrEqual(21)
  expect(value).toBeLessThanOrEqual(21 + inDoubt)
  const refused = { code: 'WRONG_CLUSTER', outcome: 'notDone' }
  await expect(living.commands.add({ by: 1_000 })).rejects.toMatchObject(refused)
  await expect(living.queries.value()).rejects.toMatchObject(refused)
  expect(await newcomer.queries.value(), 'and one that begins now finds all that was acknowledged').toBe(value)
  expect(await newcomer.commands.add({ by: 1 })).toBe(Number(value) + 1)
  expect(await ask(next[1], 'add')).toBe(Number(value) + 2)
  await Promise.all([living.close(), newcomer.close()])
  for (const child of next) await kill(child)
})
