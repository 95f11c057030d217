import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { bundleSources } from '../../../tools/source-bundle.mjs'
import { freeAddress } from './faulty-network/cluster.js'

const ids = ['n1', 'n2', 'n3']
const children = new Set<ChildProcess>()
let root = ''
const inRoot = (...names: string[]): string => join(root, ...names)

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-restored-'))
  const packages = join(import.meta.dirname, '..', '..')
  await bundleSources(join(packages, 'quorate/test/restored/member.ts'), inRoot('member.mjs'))
  await bundleSources(join(packages, 'quorate/src/recovery.ts'), inRoot('recovery.mjs'))
  await bundleSources(join(packages, 'storage-file/src/node/main.ts'), inRoot('quorate-storage.mjs'))
})
afterEach(async () => {
  for (const child of children) await kill(child)
})
afterAll(() => rm(root, { recursive: true }))

/** A cluster whose members have a directory each in `parent`. */
async function clusterIn(parent: string, { cluster = 'shop', mayMove = false } = {}) {
  const members: Record<string, string> = {}
  for (const id of ids) members[id] = await freeAddress()
  const start = async (id: string): Promise<{ child: ChildProcess; said: unknown }> => {
    const options = { id, cluster, members, mayMove, directory: inRoot(parent, id) }
    const child = fork(inRoot('member.mjs'), [JSON.stringify(options)])
    children.add(child)
    const [said] = (await once(child, 'message')) as [unknown]
    return { child, said }
  }
  return { members, start, startAll: () => Promise.all(ids.map(async (id) => (await start(id)).child)) }
}

async function ask(child: ChildProcess | undefined, what: string): Promise<unknown> {
  if (!child) throw new Error('there is no such member')
  child.send(what)
  return ((await once(child, 'message')) as [unknown])[0]
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (!child) return
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function quorateStorage(...args: string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, [inRoot('quorate-storage.mjs'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += String(bytes)))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}

/** The copy of a running member's directory takes its place. */
async function putBack(parent: string, id: string): Promise<void> {
  await rm(inRoot(parent, id), { recursive: true })
  await rename(inRoot(parent, `${id}.copy`), inRoot(parent, id))
}

test('a copy of a running member is refused after a clean stop, also if nobody is there who knows more', async () => {
  const { start, startAll } = await clusterIn('copied')
  const [n1, n2, n3] = await startAll()
  expect(await ask(n1, 'add')).toBe(1)
  expect(await ask(n2, 'value')).toBe(1)
  await cp(inRoot('copied', 'n2'), inRoot('copied', 'n2.copy'), { recursive: true })
  expect(await ask(n3, 'close')).toBe('closed')
  expect(await ask(n1, 'add')).toBe(2)
  for (const child of [n1, n2]) {
    expect(await ask(child, 'close')).toBe('closed')
    await kill(child)
  }
  await kill(n3)
  await putBack('copied', 'n2')
  const [stale, other] = await Promise.all(['n2', 'n3'].map(start))
  expect(stale?.said).toMatch(/^STALE_DIRECTORY: .*n2 is a copy that was taken while its member ran/)
  expect((await quorateStorage('moved', inRoot('copied', 'n2'))).said).toContain('taken while its member ran')
  const first = await start('n1')
  expect([first.said, other?.said]).toEqual(['ready', 'ready'])
  expect(await ask(first.child, 'value')).toBe(2)
})

test('an image that no file tells of is refused by the members that know more, and tells why', async () => {
  const { start, startAll } = await clusterIn('image', { mayMove: true })
  const [n1, n2] = await startAll()
  expect(await ask(n1, 'add')).toBe(1)
  expect(await ask(n2, 'value')).toBe(1)
  await cp(inRoot('image', 'n2'), inRoot('image', 'n2.copy'), { recursive: true })
  for (const count of [2, 3, 4]) {
    expect(await ask(n1, 'add')).toBe(count)
    expect(await ask(n2, 'value')).toBe(count)
  }
  await kill(n2)
  await putBack('image', 'n2')
  const stale = await start('n2')
  expect(stale.said).toMatch(
    /^STALE_DIRECTORY: n[13] does not take this member: .*n2 comes back with a journal that has less than it had vouched for/,
  )
  expect(await ask(n1, 'add')).toBe(5)
})

test('a backup of a running member begins another cluster with all that was acknowledged before, and no member starts on it', async () => {
  const { start, startAll } = await clusterIn('saved')
  const [n1, n2, n3] = await startAll()
  for (let count = 1; count <= 20; count += 1) expect(await ask(n1, 'add')).toBe(count)
  expect(await ask(n2, 'snapshot')).toBeGreaterThan(20)
  let isOver = false
  const writing = (async () => {
    while (!isOver) await ask(n3, 'add')
  })()
  const backup = await quorateStorage('backup', inRoot('saved', 'n2'), inRoot('backup'))
  isOver = true
  await writing
  expect(backup).toMatchObject({ code: 0 })
  expect(backup.said).toContain('No member starts on it')
  expect(await quorateStorage('verify', inRoot('backup'))).toMatchObject({ code: 0 })
  for (const child of [n1, n2, n3]) await kill(child)

  const next = await clusterIn('restored', { cluster: 'shop-2' })
  const wanted = [
    ...['--cluster', 'shop-2', '--with', inRoot('recovery.mjs'), '--into', inRoot('restored'), '--yes'],
    ...ids.flatMap((id) => ['--member', `${id}=${next.members[id]}`]),
  ]
  expect((await quorateStorage('restore', inRoot('saved', 'n1'), ...wanted)).said).toContain('is no backup')
  expect(await quorateStorage('restore', inRoot('backup'), ...wanted)).toMatchObject({ code: 0 })
  await rm(inRoot('saved', 'n2'), { recursive: true })
  await cp(inRoot('backup'), inRoot('saved', 'n2'), { recursive: true })
  expect((await start('n2')).said).toMatch(/^STALE_DIRECTORY: .*n2 is a backup, and no member starts on one/)

  const [first] = await next.startAll()
  const value = await ask(first, 'value')
  expect(value).toBeGreaterThanOrEqual(20)
  expect(await ask(first, 'add')).toBe(Number(value) + 1)
})
