import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sequence } from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommand } from '../src/node/command-line.js'
import { bytesOf } from './places.js'

/** Parts of a protocol and of a driver that know nothing: of the directories given, the first one's records go on. */
const parts = `
export const forceMembers = () => {}
export async function planCluster(remains, { members }) {
  const records = []
  await remains[0].replay((_, bytes) => records.push(bytes))
  const survivors = remains.map((_, at) => ({ id: 'n' + (at + 1), clusterId: 'c0', members: ['n1', 'n2', 'n3'], epoch: 4, last: 12 }))
  const undecided = [{ epoch: 3, first: 11, last: 11, bytes: 70 }, { epoch: 4, first: 12, last: 12, bytes: 30 }]
  return {
    survivors,
    source: survivors[0],
    clusterId: 'c1',
    members,
    beginning: { snapshot: null, undecided, epoch: 4, last: 12 },
    async seed(member, storage) {
      if (member === 'faulty') throw new Error('no room')
      const open = await storage.open()
      await open.replay(() => {})
      await open.append({ firstSequence: 1, records, release: null })
      await open.saveIdentity(new Uint8Array([1]))
      await open.close()
    },
  }
}
`

let root = ''
let place = ''
let module = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-recover-'))
  place = join(root, 'n1')
  module = join(root, 'parts.mjs')
  await writeFile(module, parts)
  const storage = await fileStorage({ directory: place, segmentBytes: 1_024, reserveSegments: 0 }).open()
  await storage.replay(() => {})
  await storage.saveIdentity(bytesOf('who I am'))
  await storage.append({ firstSequence: sequence(1), records: [bytesOf('one'), bytesOf('two')], release: null })
  await storage.close()
})
afterEach(() => rm(root, { recursive: true }))

interface Outcome {
  readonly code: number
  readonly said: string
  readonly complained: string
  readonly asked: string[]
}

/** `recover` with `--with` and `--cluster`; `answer`: what is typed when it asks, if somebody is there. */
async function recover(answer: string | null, ...args: string[]): Promise<Outcome> {
  const [said, complained, asked]: string[][] = [[], [], []]
  const ask = (question: string): Promise<string> => {
    asked?.push(question)
    return Promise.resolve(answer ?? '')
  }
  const code = await runCommand(['recover', '--with', module, '--cluster', 'shop-2', ...args], {
    log: (line) => said?.push(line),
    error: (line) => complained?.push(line),
    ask: answer === null ? null : ask,
  })
  return { code, said: said?.join('\n') ?? '', complained: complained?.join('\n') ?? '', asked: asked ?? [] }
}

async function recordsIn(directory: string): Promise<string[]> {
  const storage = await fileStorage({ directory }).open()
  const records: string[] = []
  await storage.replay((_, bytes) => records.push(new TextDecoder().decode(bytes)))
  await storage.close()
  return records
}

const members = ['--member', 'n1=10.0.0.1:7001', '--member', 'm2=10.0.0.2:7001,10.0.0.2:8001']

test('says what it will take for committed, and what must be true, before it asks', async () => {
  const { said, asked } = await recover('no', place, ...members, '--into', join(root, 'new'))
  expect(said).toContain('n1 of c0 (with n1, n2, n3): ends in epoch 4 at position 12   <- goes on')
  expect(said).toContain('Nothing is committed for certain.')
  expect(said).toContain('  epoch 3: positions 11 to 11, 70 bytes\n  epoch 4: positions 12 to 12, 30 bytes')
  expect(said).toContain(`quorate-storage inspect ${place} --position 12`)
  expect(said).toContain('The new cluster is "shop-2", c1:\n  m2 at 10.0.0.2:7001, for clients at 10.0.0.2:8001\n  n1')
  expect(said).toContain('no member of the old cluster runs, or ever will again')
  expect(said).not.toContain('majority. Start them')
  expect(asked).toEqual(['\nType the name of the new cluster to go on: '])
})

test('writes nothing unless the name of the new cluster is typed', async () => {
  const into = join(root, 'new')
  expect(await recover('yes', place, ...members, '--into', into)).toMatchObject({
    code: 2,
    complained: 'Nothing was written.',
  })
  expect(await recover(null, place, ...members, '--into', into)).toMatchObject({ code: 2 })
  expect(await readdir(root)).toEqual(['n1', 'parts.mjs'])
  const { code, said } = await recover('shop-2\n', place, ...members, '--into', into)
  expect(code).toBe(0)
  expect(said).toContain(`Written, synced and read back: ${into}/m2, ${into}/n1`)
  expect(said).toContain(`"m2": { address: '10.0.0.2:7001', clientAddress: '10.0.0.2:8001' },`)
  expect(await readdir(into)).toEqual(['m2', 'n1'])
  expect(await recordsIn(join(into, 'm2'))).toEqual(['one', 'two'])
})

test('says so when the directories that are left are a majority', async () => {
  const other = join(root, 'n2')
  await (await fileStorage({ directory: other }).open()).close()
  const { code, said } = await recover(null, place, other, ...members)
  expect(said).toContain('Note: 2 of 3 members are a majority. Start them, and nothing is lost at all.')
  expect(code).toBe(0)
})

test('leaves nothing under the name of the new directories when it fails in the middle', async () => {
  const into = join(root, 'new')
  const failed = await recover('shop-2', place, '--member', 'a=h:1', '--member', 'faulty=h:2', '--into', into)
  expect(failed).toMatchObject({
    code: 2,
    complained: `no room. What was written so far is of no use: delete ${into}.unfinished before you try again`,
  })
  expect(await readdir(root)).toEqual(['n1', 'new.unfinished', 'parts.mjs'])
  expect((await recover('shop-2', place, ...members, '--into', into)).complained).toContain(
    'new.unfinished is there already, and nothing was written',
  )
})

test('refuses a place that is there, a directory in use, and damage', async () => {
  const into = join(root, 'new')
  await mkdir(into)
  const there = await recover('shop-2', place, ...members, '--into', into)
  expect(there.complained).toContain(`${into} is there already`)
  const storage = await fileStorage({ directory: place }).open()
  expect((await recover('shop-2', place, ...members)).complained).toMatch(/in use/)
  await storage.close()
  const name = (await readdir(place)).find((each) => each.startsWith('journal')) ?? ''
  const bytes = await readFile(join(place, name))
  bytes[10] = (bytes[10] ?? 0) ^ 1
  await writeFile(join(place, name), bytes)
  const damaged = await recover('shop-2', place, ...members)
  expect(damaged).toMatchObject({ code: 2, said: '' })
  expect(damaged.complained).toMatch(/is damaged, and nothing was written[^]*STORAGE_CORRUPT[^]*Take another survivor/)
})

test('tells what is wrong with what it was given', async () => {
  const wrong = async (...args: string[]): Promise<string> => (await recover(null, place, ...args)).complained
  expect(await wrong('--member', 'n1')).toContain('It is ID=HOST:PORT')
  expect(await wrong('--member', 'n1=nowhere')).toContain('It is ID=HOST:PORT')
  expect(await wrong('--member', '..=h:1')).toContain('It is ID=HOST:PORT')
  expect(await wrong('--member', 'n1=h:1', '--member', 'n1=h:2')).toContain('It was named before.')
  expect(await wrong()).toContain("required option '--member <id=address[,client]>'")
  expect(await wrong('--member', 'n1=h:1', '--with', join(root, 'none.mjs'))).toContain('none.mjs cannot be loaded')
  module = join(root, 'half.mjs')
  await writeFile(module, 'export const forceMembers = () => {}')
  expect(await wrong('--member', 'n1=h:1')).toContain('half.mjs exports no function planCluster')
})

test('a survivor is named once, and nothing is written into one', async () => {
  const link = join(root, 'the same')
  await symlink(place, link)
  const twice = await recover('shop-2', place, link, ...members, '--into', join(root, 'new'))
  expect(twice).toMatchObject({ code: 2, asked: [] })
  expect(twice.complained).toContain(`${place} and ${link} are one directory`)
  for (const into of [join(place, 'new'), join(link, 'a', 'b')]) {
    const within = await recover('shop-2', place, ...members, '--into', into)
    expect(within).toMatchObject({ code: 2, asked: [] })
    expect(within.complained).toContain(`${into} is within ${place}, which stays as it is`)
  }
  expect(await readdir(place)).not.toContain('new')
})
