import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStorage, nodeFiles } from '@quorate/storage-file/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { lockByFile } from '../src/node/lock.js'
import { makeDirectory } from '../src/node/make-directory.js'
import { bytesOf, lifeOf, refusalOf, textOf } from './places.js'

let root = ''
let place = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-files-'))
})
afterAll(() => rm(root, { recursive: true }))
beforeEach(() => {
  place = join(root, `${performance.now()}`)
})

describe('nodeFiles', () => {
  const files = nodeFiles()

  test('makes a directory with its parents, and does nothing if it is there', async () => {
    const deep = join(place, 'a', 'b')
    await files.makeDirectory(deep)
    await files.makeDirectory(deep)
    expect(await files.list(join(place, 'a'))).toEqual(['b'])
    await writeFile(join(deep, 'file'), '')
    await expect(files.makeDirectory(join(deep, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  test('makes every name on the way durable, also those that are there: who made them may have died too early', async () => {
    const deep = join(place, 'a', 'b')
    await makeDirectory(join(place, 'a'), () => Promise.resolve())
    for (let round = 0; round < 2; round += 1) {
      const synced: string[] = []
      await makeDirectory(deep, async (directory) => void synced.push(directory))
      expect(synced.slice(0, 3)).toEqual([join(place, 'a'), place, root])
      expect(synced.at(-1)).toBe('/')
    }
    const failing = (code: string) =>
      makeDirectory(deep, () => Promise.reject(Object.assign(new Error(code), { code })))
    await expect(failing('EIO')).rejects.toMatchObject({ code: 'EIO' })
    await failing('EACCES')
  })

  test('several make directories below the same new one at the same time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const deep = join(place, `${round}`, 'data', 'cluster')
      await Promise.all(['n1', 'n2', 'n3'].map((name) => files.makeDirectory(join(deep, name))))
      expect(await files.list(deep)).toEqual(['n1', 'n2', 'n3'])
    }
  })

  test('says so where a parent can never be made', async () => {
    await expect(files.makeDirectory('/proc/quorate/place')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('creates what is not there, and opens what is', async () => {
    await files.makeDirectory(place)
    const path = join(place, 'file')
    await expect(files.open(path, 'read')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(files.open(path, 'readWrite')).rejects.toMatchObject({ code: 'ENOENT' })
    const file = await files.open(path, 'create')
    await file.close()
    await expect(files.open(path, 'create')).rejects.toMatchObject({ code: 'EEXIST' })
  })

  test('closes a file behind what is under way in it: its number belongs to the next one', async () => {
    await files.makeDirectory(place)
    const path = join(place, 'file')
    const many = bytesOf('x'.repeat(8 * 1024 * 1024))
    const file = await files.open(path, 'create')
    const ended: string[] = []
    const note = (what: string) => () => void ended.push(what)
    const written = [file.write(0, [many]).then(note('written')), file.datasync().then(note('synced'))]
    await file.close().then(note('closed'))
    await Promise.all(written)
    expect(ended.at(-1)).toBe('closed')
    expect(ended).toHaveLength(3)
    await expect(file.write(0, [many])).rejects.toThrow()
  })

  test('W11, W12: reads and writes all of it, anywhere, in any number of pieces', async () => {
    await files.makeDirectory(place)
    const file = await files.open(join(place, 'file'), 'create')
    const pieces = Array.from({ length: 3_000 }, (_, at) => bytesOf(at % 7 === 0 ? '' : `${at},`))
    await file.write(5, pieces)
    const text = pieces.map(textOf).join('')
    expect(textOf(await file.read(5, text.length))).toBe(text)
    expect(textOf(await file.read(5 + text.length - 3, 100))).toBe(text.slice(-3))
    expect(await file.read(1_000_000, 10)).toHaveLength(0)
    expect(await file.read(0, 5)).toEqual(new Uint8Array(5))
    await file.truncate(7)
    await file.datasync()
    expect(await file.size()).toBe(7)
    await file.close()
  })

  test('tells how much room there is', async () => {
    expect(await files.freeBytes(root)).toBeGreaterThan(0)
  })
})

describe('D25: one process at a time has a directory', () => {
  test('W26: a second storage in the same process is told who has it, and what to do', async () => {
    const storage = fileStorage({ directory: place, segmentBytes: 4_096 })
    const open = await storage.open()
    for (const again of [storage, fileStorage({ directory: `${place}/.`, segmentBytes: 4_096 })]) {
      const refusal = await refusalOf(again.open())
      expect(refusal.code).toBe('STORAGE_LOCKED')
      expect(refusal.message).toContain(`process ${process.pid} on host ${hostname()}`)
      expect(refusal.message).toContain('stop that process, or give this member a directory of its own')
    }
    await open.close()
    expect(existsSync(join(place, 'LOCK'))).toBe(false)
    await (await storage.open()).close()
  })

  test('D14: the LOCK file is only for people: where it cannot be written, the directory is locked all the same', async (context) => {
    if (process.platform !== 'linux') return context.skip('the file is the lock here')
    await mkdir(place, { mode: 0o700 })
    await mkdir(join(place, 'LOCK'))
    const storage = fileStorage({ directory: place, segmentBytes: 4_096 })
    const open = await storage.open()
    expect(await refusalOf(storage.open())).toMatchObject({ code: 'STORAGE_LOCKED' })
    await open.close()
  })

  test('a LOCK file that a dead process left behind stops nobody', async () => {
    await mkdir(place)
    await writeFile(join(place, 'LOCK'), 'left behind')
    const open = await fileStorage({ directory: place, segmentBytes: 4_096 }).open()
    expect(JSON.parse(await readFile(join(place, 'LOCK'), 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
    })
    await open.close()
  })
})

describe('D25: where the kernel cleans nothing up, the LOCK file is the lock', () => {
  const holder = { bootId: null as string | null, pid: process.pid, startedAt: 'yesterday', host: hostname() }
  beforeEach(async () => {
    await mkdir(place)
    holder.bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      (id) => id.trim(),
      () => null,
    )
  })

  test('a living process keeps it, and gives it back', async () => {
    const file = join(place, 'LOCK')
    const unlock = await lockByFile(file)
    expect(await refusalOf(lockByFile(file))).toMatchObject({ code: 'STORAGE_LOCKED' })
    await unlock()
    await (
      await lockByFile(file)
    )()
  })

  test.each([
    { of: 'a dead process', change: { pid: 2 ** 22 + 1 } },
    { of: 'an earlier boot', change: { bootId: 'another' } },
  ])('one of $of is taken over, by one of many', async ({ change }) => {
    const file = join(place, 'LOCK')
    for (let round = 0; round < 30; round += 1) {
      await writeFile(file, JSON.stringify({ ...holder, ...change }))
      const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => lockByFile(file)))
      const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
      for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'STORAGE_LOCKED' })
      expect(refusals, `round ${round}`).toHaveLength(4)
    }
  })

  test.each([
    { of: 'another host', text: () => JSON.stringify({ ...holder, host: 'elsewhere', pid: 2 ** 22 + 1 }) },
    { of: 'nobody knows whom', text: () => 'half a fi' },
  ])('one of $of is kept, and the message says what to delete', async ({ text }) => {
    const file = join(place, 'LOCK')
    await writeFile(file, text())
    const refusal = await refusalOf(lockByFile(file))
    expect(refusal).toMatchObject({ code: 'STORAGE_LOCKED' })
    expect(refusal.message).toContain(`delete ${file}`)
  })
})

test('large batches and images go through real files', async () => {
  const options = { directory: place, segmentBytes: 1024 * 1024, reserveSegments: 1 }
  const life = await lifeOf(await fileStorage(options).open())
  const large = 'x'.repeat(8 * 1024 * 1024)
  await life.append(large, 'small', large)
  await life.append('after')
  await life.storage.close()
  const again = await lifeOf(await fileStorage(options).open())
  expect(again.records.map((text) => text.length)).toEqual([large.length, 5, large.length, 5])
  await again.storage.close()
})

test('options are checked, and unknown ones refused', () => {
  expect(() => fileStorage({ directory: '' })).toThrow(/directory/)
  expect(() => fileStorage({ directory: place, segmentBytes: 100 })).toThrow(/segmentBytes/)
  expect(() => fileStorage(Object.assign({ directory: place }, { path: 'x' }))).toThrow(/path/)
  // @ts-expect-error: what is no file layer
  expect(() => fileStorage({ directory: place, files: {} })).toThrow(/must be a file layer/)
})

test('a directory is the same after the process has gone elsewhere', async () => {
  const from = process.cwd()
  await mkdir(place)
  process.chdir(place)
  try {
    const life = await lifeOf(await fileStorage({ directory: 'here', segmentBytes: 4_096 }).open())
    process.chdir(root)
    await life.append('one')
    await life.storage.saveIdentity(bytesOf('who I am'))
    await life.storage.close()
    expect(existsSync(join(place, 'here', 'identity'))).toBe(true)
    expect(existsSync(join(place, 'here', 'LOCK'))).toBe(false)
  } finally {
    process.chdir(from)
  }
})
