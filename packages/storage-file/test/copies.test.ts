import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetfulFiles, type ForgetfulFiles } from '@quorate/conformance'
import type { FileId, FileLayer } from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isMarked } from '../src/file-mark.js'
import { declareMoved } from '../src/moved.js'
import { fileStorageOptionsSchema } from '../src/options.js'
import { bytesOf, imageOf, lifeOf, live, look, record, refusalOf, stillTime, type Image, type Life } from './places.js'

const withIds = (seed = 1): ForgetfulFiles => forgetfulFiles(seed, { fileIds: true })

/** Puts other files in the place of those that are there, as a restore does: all of them are new ones. */
function putBack(files: ForgetfulFiles, image: Image): void {
  for (const path of files.files('durable').keys()) files.tamper(path, () => null)
  for (const [path, bytes] of image) files.tamper(path, () => bytes.slice())
}

/** A member's directory in use, with an identity and some records. */
async function begun(files: FileLayer): Promise<Life> {
  const life = await live(files)
  await life.storage.saveIdentity(bytesOf('who I am'))
  await life.append(record(1, 300))
  return life
}

describe('D16: a directory that was copied is not the directory', () => {
  test('a copy that was taken while its member ran is refused, also after a clean stop, and the message says the way out', async () => {
    const files = withIds()
    const life = await begun(files)
    const copy = imageOf(files)
    await life.append(record(2, 300))
    await life.storage.close()
    putBack(files, copy)
    const refusal = await refusalOf(live(files))
    expect(refusal.code).toBe('STALE_DIRECTORY')
    expect(refusal.message).toMatch(
      /^\/place is a copy that was taken while its member ran: .* is not in it\. Start the member/,
    )
    expect(refusal.message).toContain('quorate-storage recover')
    expect(imageOf(files)).toEqual(copy)
    expect(await look(files)).toMatchObject({ code: 'STALE_DIRECTORY' })
  })

  test('one of a member that had stopped is refused with the command that says it was moved', async () => {
    const files = withIds()
    const life = await begun(files)
    await life.storage.close()
    putBack(files, imageOf(files))
    const refusal = await refusalOf(live(files))
    expect(refusal).toMatchObject({ code: 'STALE_DIRECTORY' })
    expect(refusal.message).toContain('quorate-storage moved /place')
  })

  test('crashes, cuts of power and clean stops leave the directory what it is', async () => {
    for (const end of ['kill', 'powerCut', 'close'] as const) {
      const files = withIds()
      for (let round = 1; round <= 3; round += 1) {
        const life = await live(files)
        await life.storage.saveIdentity(bytesOf(`life ${round}`))
        await life.append(record(round, 300))
        if (end === 'close') await life.storage.close()
        else files[end]()
      }
      expect(await look(files), end).toMatchObject({ report: { records: 3 } })
    }
  })

  test('a crash at any operation of a life and its close leaves one that opens', async () => {
    for (let cutAt = 1; ; cutAt += 1) {
      let calls = 0
      const files = forgetfulFiles(1, {
        fileIds: true,
        fail: () => {
          calls += 1
          if (calls === cutAt) files.powerCut()
          return null
        },
      })
      const outcome = await begun(files.mount())
        .then((life) => life.storage.close())
        .catch((error: unknown) => error)
      if (calls < cutAt) {
        expect(outcome).toBeUndefined()
        break
      }
      expect(await look(files), `cut before operation ${cutAt}`).toMatchObject({ report: { cut: null } })
    }
  })

  test('a documented limit: an image of the disk keeps its files, and only other members can tell', async () => {
    const files = withIds()
    const life = await begun(files)
    const image = imageOf(files)
    await life.append(record(2, 300))
    files.powerCut()
    for (const path of files.files('durable').keys()) files.tamper(path, () => image.get(path)?.slice() ?? null)
    expect(await look(files)).toMatchObject({ report: { records: 1 } })
  })

  test('"mayMove" ties a directory to no files, and then a copy of it opens', async () => {
    const files = withIds()
    const loose = { mayMove: true }
    const life = await live(files, loose)
    await life.storage.saveIdentity(bytesOf('who I am'))
    await life.append(record(1))
    const copy = imageOf(files)
    await life.storage.close()
    putBack(files, copy)
    expect(await look(files)).toMatchObject({ report: { records: 1 } })
  })
})

describe('W22: a journal that ends before what the identity saw is refused', () => {
  test('when its newest file is that of an older copy', async () => {
    const files = forgetfulFiles(1)
    const limits = { segmentBytes: 65_536 }
    const life = await live(files, limits)
    await life.append(record(1))
    const older = imageOf(files)
    await life.append(record(2))
    await life.storage.saveIdentity(bytesOf('who I am'))
    await life.storage.close()
    for (const [path, bytes] of older) if (path.includes('journal')) files.tamper(path, () => bytes.slice())
    const refusal = await refusalOf(live(files, limits))
    expect(refusal.code).toBe('STORAGE_CORRUPT')
    expect(refusal.message).toMatch(/expected a journal with the records up to 2, .* found one that ends with record 1/)
  })
})

test('a number that was given again is no mark: the time of creation counts beside it, where there is one', () => {
  const mark = { number: '7', bornNs: '100' }
  const found = (given: Partial<FileId>): FileId => ({ number: '7', bornNs: '100', changedNs: '300', ...given })
  expect(isMarked(mark, found({}))).toBe(true)
  expect(isMarked(mark, found({ number: '8' }))).toBe(false)
  expect(isMarked(mark, found({ bornNs: '200' }))).toBe(false)
  expect(isMarked(mark, found({ bornNs: null }))).toBe(true)
  expect(isMarked(mark, found({ bornNs: '300' })), 'a system that shows the last change instead').toBe(true)
  expect(isMarked({ ...mark, bornNs: null }, found({ bornNs: '200' }))).toBe(true)
})

describe('on the file system of this machine', () => {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'quorate-copies-'))
  })
  afterEach(() => rm(root, { recursive: true }))
  const place = (name: string) => fileStorage({ directory: join(root, name), segmentBytes: 4_096, reserveSegments: 0 })
  const open = async (name: string): Promise<Life> => lifeOf(await place(name).open())

  async function closed(name: string): Promise<void> {
    const life = await open(name)
    await life.storage.saveIdentity(bytesOf('who I am'))
    await life.append('one')
    await life.storage.close()
  }

  test('a directory that is renamed opens, and a copy does not, in its place or elsewhere', async () => {
    await closed('n2')
    await cp(join(root, 'n2'), join(root, 'copy'), { recursive: true })
    await rename(join(root, 'n2'), join(root, 'renamed'))
    const life = await open('renamed')
    expect(life.records).toEqual(['one'])
    await life.storage.close()
    await expect(open('copy')).rejects.toMatchObject({ code: 'STALE_DIRECTORY' })
    await rename(join(root, 'copy'), join(root, 'n2'))
    await expect(open('n2')).rejects.toMatchObject({ code: 'STALE_DIRECTORY' })
  })

  test('one that was deleted and copied back is refused, whatever numbers its files get', async () => {
    await closed('n2')
    await cp(join(root, 'n2'), join(root, 'copy'), { recursive: true, preserveTimestamps: true })
    await rm(join(root, 'n2'), { recursive: true })
    await cp(join(root, 'copy'), join(root, 'n2'), { recursive: true, preserveTimestamps: true })
    await expect(open('n2')).rejects.toMatchObject({ code: 'STALE_DIRECTORY' })
  })
})

describe('quorate-storage moved', () => {
  const settingsOf = (files: FileLayer) =>
    fileStorageOptionsSchema.parse({ directory: '/place', files, environment: stillTime().environment })

  test('ties a directory that was closed and moved to its files', async () => {
    const files = withIds()
    await (await begun(files)).storage.close()
    putBack(files, imageOf(files))
    expect(await declareMoved(settingsOf(files))).toBe(true)
    expect(await declareMoved(settingsOf(files))).toBe(false)
    const life = await live(files)
    expect(life.records).toEqual([record(1, 300)])
    await life.storage.saveIdentity(bytesOf('who I am'))
    files.kill()
    expect(await look(files)).toMatchObject({ report: { records: 1 } })
  })

  test('refuses a copy of a directory in use, also of one that had been closed before', async () => {
    const files = withIds()
    await (await begun(files)).storage.close()
    const life = await live(files)
    await life.append(record(2))
    putBack(files, imageOf(files))
    await expect(declareMoved(settingsOf(files))).rejects.toMatchObject({ code: 'STALE_DIRECTORY' })
    files.kill()
    expect(await look(files)).toMatchObject({ code: 'STALE_DIRECTORY' })
  })
})
