import { mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { position, sequence, type FileLayer } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { fileStorage } from '@quorate/storage-file/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { crc32c } from '../src/crc32c.js'
import { nodeFiles } from '../src/node/node-files.js'
import { runRepair } from '../src/node/run-repair.js'
import { fileStorageOptionsSchema } from '../src/options.js'
import { bytesOf, lifeOf, saveImage } from './places.js'
import { contentsOf, damage, limits, makePlace, quorateStorage, segmentsIn } from './storage-command.js'

let root = ''
let place = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-repair-'))
  place = join(root, 'n1')
  await makePlace(place)
})
afterEach(() => rm(root, { recursive: true }))

/** `repair --write` over other files than those of this machine. */
function repairOver(files: FileLayer, say: (lines: readonly string[]) => void = () => {}): Promise<number> {
  const settings = fileStorageOptionsSchema.parse({ directory: place, files, environment: nodeEnvironment() })
  return runRepair(settings, { mayWrite: true, copy: null }, say)
}

/** Makes the header of a segment one that a program of format version 2 has written. */
async function makeNewer(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes.writeUInt32LE(2, 4)
  bytes.writeUInt32LE(crc32c(bytes, 0, 124), 124)
  await writeFile(path, bytes)
}

test('through a symbolic link the copy is one of the files, and stands beside the directory itself', async () => {
  const link = join(root, 'link')
  await symlink(place, link)
  await damage(join(place, (await segmentsIn(place))[2] ?? ''), 300)
  const before = await contentsOf(place)
  const { code, said } = await quorateStorage('repair', link, '--write')
  expect(code).toBe(0)
  expect(said).toContain(`Copied to ${place}.damaged, and repaired.`)
  expect(await contentsOf(`${place}.damaged`)).toEqual(before)
  expect(await contentsOf(place)).not.toEqual(before)
  expect(await readdir(root)).not.toContain('link.damaged')
})

test('a file that is a symbolic link is not followed, and nothing is written', async () => {
  const newest = join(place, (await segmentsIn(place)).at(-1) ?? '')
  await rename(newest, join(root, 'elsewhere'))
  await symlink(join(root, 'elsewhere'), newest)
  await damage(join(place, (await segmentsIn(place))[2] ?? ''), 300)
  const { code, complained, said } = await quorateStorage('repair', place, '--write')
  expect([code, said + complained]).toEqual([2, expect.stringContaining('ELOOP')])
  expect(await readdir(root)).not.toContain(`${basename(place)}.damaged`)
})

test.each(['alone', 'beside damage'])('what a newer program wrote is not given up: %s', async (how) => {
  const names = await segmentsIn(place)
  for (const name of names.slice(-2)) await makeNewer(join(place, name))
  if (how === 'beside damage') await damage(join(place, names[2] ?? ''), 300)
  const before = await contentsOf(place)
  const { code, complained } = await quorateStorage('repair', place, '--write')
  expect(code).toBe(2)
  expect(complained).toContain('Nothing was written: a newer version of quorate has written in')
  expect(complained).toContain('Install the newer version')
  expect(await contentsOf(place)).toEqual(before)
  expect(await readdir(root)).toEqual(['n1'])
})

test('what cannot be read while the damage is looked for is not taken for damage', async () => {
  const names = await segmentsIn(place)
  await damage(join(place, names[2] ?? ''), 300)
  const before = await contentsOf(place)
  const real = nodeFiles()
  const failing: FileLayer = {
    ...real,
    async open(path, mode) {
      const file = await real.open(path, mode)
      const fail = () => Promise.reject(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }))
      return path.endsWith(names[1] ?? '') ? { ...file, read: fail } : file
    },
  }
  await expect(repairOver(failing)).rejects.toThrow(/Nothing was written: not everything in .* could be read/)
  expect(await contentsOf(place)).toEqual(before)
})

test.each(['EIO', 'EMFILE', 'EACCES'])('a header that cannot be read for %s ends the repair', async (code) => {
  const names = await segmentsIn(place)
  await damage(join(place, names[3] ?? ''), 300)
  const before = await contentsOf(place)
  const real = nodeFiles()
  let isPlanned = false
  const failing: FileLayer = {
    ...real,
    open: (path, mode) =>
      isPlanned && path.endsWith(names[1] ?? '')
        ? Promise.reject(Object.assign(new Error(`${code}: it may be read again later`), { code }))
        : real.open(path, mode),
  }
  // From the first line on, the damage has been found.
  const repaired = repairOver(failing, () => {
    isPlanned = true
  })
  await expect(repaired).rejects.toThrow(`${code}: it may be read again later`)
  expect(await contentsOf(place)).toEqual(before)
  expect(await readdir(root)).toEqual(['n1'])
})

test('a damaged identity is not made up, though nothing that stays of the journal tells of one', async () => {
  const other = join(root, 'n2')
  const storage = await fileStorage({ directory: other, ...limits }).open()
  await storage.replay(() => {})
  await storage.saveIdentity(bytesOf('who I am'))
  await storage.append({ firstSequence: sequence(1), records: [bytesOf('the first')], release: null })
  await storage.close()
  const [only = ''] = await segmentsIn(other)
  const bytes = await readFile(join(other, only))
  await damage(join(other, only), bytes.indexOf('the first'))
  await damage(join(other, 'identity'), 30)
  const before = await contentsOf(other)
  const { code, complained } = await quorateStorage('repair', other, '--write')
  expect(code).toBe(2)
  expect(complained).toContain('This cannot be repaired')
  expect(await contentsOf(other)).toEqual(before)
})

test('the copy is durable before anything is deleted or written', async () => {
  await damage(join(place, (await segmentsIn(place))[2] ?? ''), 300)
  const copied = (await readdir(place)).filter((name) => name !== 'LOCK')
  const calls: string[] = []
  const real = nodeFiles()
  const told = (call: string) => void calls.push(call.replaceAll(root, ''))
  const recording: FileLayer = {
    ...real,
    async open(path, mode) {
      const file = await real.open(path, mode)
      return {
        ...file,
        write: (offset, chunks) => (told(`write ${path}`), file.write(offset, chunks)),
        truncate: (length) => (told(`truncate ${path}`), file.truncate(length)),
        datasync: async () => {
          await file.datasync()
          told(`datasync ${path}`)
        },
      }
    },
    rename: (from, to) => (told(`rename ${from}`), real.rename(from, to)),
    unlink: (path) => (told(`unlink ${path}`), real.unlink(path)),
    syncDirectory: async (path) => {
      await real.syncDirectory(path)
      told(`syncDirectory ${path || '/'}`)
    },
  }
  expect(await repairOver(recording)).toBe(0)
  const first = calls.findIndex((call) => /^(write|truncate|rename|unlink) \/n1\//.test(call))
  const files = copied.map((name) => `datasync /n1.damaged/${name}`)
  expect(calls.slice(0, first).slice(0, files.length).sort()).toEqual(files.sort())
  expect(calls.slice(files.length, first)).toEqual(['syncDirectory /n1.damaged', 'syncDirectory '])
})

/** A place with a segment of before its release, as a crash may leave one, and a flipped bit in that one's header. */
async function makeLeftover(directory: string): Promise<string> {
  const storage = await fileStorage({ directory, ...limits }).open()
  await storage.replay(() => {})
  await storage.saveIdentity(bytesOf('who I am'))
  for (let at = 1; at <= 6; at += 1) {
    await storage.append({ firstSequence: sequence(at), records: [bytesOf('x'.repeat(300))], release: null })
  }
  const [oldest = ''] = await segmentsIn(directory)
  const bytes = await readFile(join(directory, oldest))
  await saveImage(storage, 3, 'image')
  const release = { sequence: sequence(6), snapshot: position(3) }
  await storage.append({ firstSequence: sequence(7), records: [], release })
  await storage.append({ firstSequence: sequence(7), records: [bytesOf('the last')], release: null })
  await storage.close()
  await expect(stat(join(directory, oldest))).rejects.toThrow('ENOENT')
  await writeFile(join(directory, oldest), bytes)
  await damage(join(directory, oldest), 20)
  return oldest
}

test('an unreadable segment that no record is needed of is deleted, and nothing else', async () => {
  const other = join(root, 'n2')
  const leftover = await makeLeftover(other)
  const whole = await contentsOf(other)
  await expect(fileStorage({ directory: other, ...limits }).open()).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  const { code, said } = await quorateStorage('repair', other, '--write')
  expect(code).toBe(0)
  expect(said).toContain(`Unreadable, and in the way: ${leftover}.`)
  expect(said).toContain('nothing is lost with it')
  expect(said).not.toContain('are lost')
  whole.delete(leftover)
  expect(await contentsOf(other)).toEqual(whole)
  const life = await lifeOf(await fileStorage({ directory: other, ...limits }).open())
  expect(life.first).toBe(6)
  expect(life.records.at(-1)).toBe('the last')
  await life.storage.close()
})

test('such a segment is deleted too when the journal is damaged', async () => {
  const other = join(root, 'n2')
  const leftover = await makeLeftover(other)
  const newest = (await segmentsIn(other)).at(-1) ?? ''
  const bytes = await readFile(join(other, newest))
  await damage(join(other, newest), bytes.indexOf('the last'))
  const { code, said } = await quorateStorage('repair', other, '--write')
  expect(code, said).toBe(0)
  expect(said).toContain(`Unreadable, and in the way: ${leftover}.`)
  expect(await segmentsIn(other)).not.toContain(leftover)
  expect(said).toContain('It keeps the records up to 6. Those behind are lost')
  expect(await segmentsIn(`${other}.damaged`)).toContain(leftover)
})
