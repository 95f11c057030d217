import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStorage } from '@quorate/storage-file/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lifeOf, refusalOf, type Life } from './places.js'

/** Somebody who may do nothing here. */
const nobody = 65_534
const isRoot = process.getuid?.() === 0
const limits = { segmentBytes: 4_096, reserveSegments: 1 }
const open = async (directory: string): Promise<Life> => lifeOf(await fileStorage({ directory, ...limits }).open())

let root = ''
let readOnly: string | null = null
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-bad-places-'))
  await chmod(root, 0o755)
})
afterAll(async () => {
  if (readOnly !== null) execFileSync('umount', [readOnly])
  await rm(root, { recursive: true })
})

/** A file system of its own with a place on it, mounted read-only; null where this machine does not let us. */
async function readOnlyPlace(): Promise<string | null> {
  const mounted = join(root, 'read-only')
  await mkdir(mounted)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'quorate-bad-places', mounted], { stdio: 'ignore' })
  } catch {
    return null
  }
  readOnly = mounted
  const life = await open(join(mounted, 'place'))
  await life.append('before')
  await life.storage.close()
  execFileSync('mount', ['-o', 'remount,ro', mounted], { stdio: 'ignore' })
  return join(mounted, 'place')
}

describe('a directory that cannot be used is refused in a sentence that says what to do', () => {
  test('a file where the directory should be, and one where a parent should be', async () => {
    const file = join(root, 'file')
    await writeFile(file, 'a file')
    for (const directory of [file, join(file, 'below'), join(file, 'below', 'that')]) {
      const { code, message } = await refusalOf(open(directory))
      expect(code).toBe('STORAGE_FAILED')
      expect(message).toContain(`opening ${directory} failed`)
      expect(message).toContain('there is a file where a directory should be: name another directory')
    }
    expect(await readFile(file, 'utf8')).toBe('a file')
  })

  test('one in which another program keeps a file of such a name', async () => {
    const directory = join(root, 'of others')
    await mkdir(directory)
    const theirs = join(directory, 'journal-0000000000000001')
    await writeFile(theirs, 'the diary of somebody else. '.repeat(10))
    const { code, message } = await refusalOf(open(directory))
    expect(code).toBe('STORAGE_CORRUPT')
    expect(message).toContain(
      `${theirs} is damaged at byte 0: expected the header of a journal segment, found something else`,
    )
    expect(await readFile(theirs, 'utf8')).toContain('the diary of somebody else')
  })

  test('files of other names are left alone', async () => {
    const directory = join(root, 'shared')
    await mkdir(directory)
    await writeFile(join(directory, 'notes.tmp'), 'not ours')
    const life = await open(directory)
    await life.storage.close()
    expect(await readFile(join(directory, 'notes.tmp'), 'utf8')).toBe('not ours')
  })

  test('one that this user may not write, or not read', async () => {
    for (const mode of [0o555, 0o000]) {
      const directory = join(root, `mode ${mode}`)
      await mkdir(directory, { mode })
      // Root may do everything, so somebody else tries.
      if (isRoot) process.seteuid?.(nobody)
      try {
        const { code, message } = await refusalOf(open(directory))
        expect(code).toBe('STORAGE_FAILED')
        expect(message).toMatch(/EACCES.*this user may not read and write there: change the owner or the rights/)
        expect((await refusalOf(open(join(directory, 'below')))).message).toContain('this user may not read and write')
      } finally {
        if (isRoot) process.seteuid?.(0)
      }
    }
  })

  test('W28: a file system that is mounted read-only (skipped where nothing can be mounted)', async (context) => {
    const place = await readOnlyPlace()
    if (place === null) return context.skip('nothing can be mounted here')
    for (const directory of [place, join(root, 'read-only', 'new')]) {
      const { code, message } = await refusalOf(open(directory))
      expect(code).toBe('STORAGE_FAILED')
      expect(message).toMatch(/EROFS.*mounted read-only: mount it for writing, or name another directory/)
    }
  })

  test('a link that leads nowhere', async () => {
    const link = join(root, 'leads nowhere')
    await symlink(join(root, 'nowhere'), link)
    const { code, message } = await refusalOf(open(link))
    expect(code).toBe('STORAGE_FAILED')
    expect(message).toMatch(/ENOENT/)
    expect(existsSync(join(root, 'nowhere'))).toBe(false)
  })
})

describe('a directory that is used', () => {
  test('is made with its parents if it is not there', async () => {
    const directory = join(root, 'a', 'b', 'c')
    const life = await open(directory)
    await life.append('one')
    await life.storage.close()
    expect((await open(directory)).records).toEqual(['one'])
  })

  test('D25: is the same through a link, for the lock too', async () => {
    const directory = join(root, 'linked')
    const link = join(root, 'a link to it')
    await mkdir(directory)
    await symlink(directory, link)
    const life = await open(link)
    await life.append('through the link')
    expect(await refusalOf(open(directory))).toMatchObject({ code: 'STORAGE_LOCKED' })
    await life.storage.close()
    expect((await open(directory)).records).toEqual(['through the link'])
  })
})
