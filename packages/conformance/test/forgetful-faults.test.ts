import { forgetfulFiles, type FileOperation, type ForgetfulFiles, type ForgetfulOptions } from '@quorate/conformance'
import { describe, expect, test } from 'vitest'
import { bytes, codeOf, disk, save, text, withDirectory, write } from './forgetful-case.js'

describe('a call that has to fail', () => {
  const failing = (operation: FileOperation, nth: number, code: string): ForgetfulOptions => ({
    fail: (called, _path, at) => (called === operation && at === nth ? code : null),
  })

  test('carries the code, at the n-th call of its kind and no other', async () => {
    const files = await withDirectory(failing('rename', 2, 'EROFS'))
    await write(files, '/d/a', 'one')
    await files.rename('/d/a', '/d/b')
    await expect(codeOf(files.rename('/d/b', '/d/c'))).resolves.toBe('EROFS')
    await files.rename('/d/b', '/d/d')
    expect(disk(files, 'visible')).toEqual({ '/d/d': 'one' })
  })

  test('W14: a datasync that failed covers nothing ever after, though a later one succeeds', async () => {
    const files = await withDirectory(failing('datasync', 1, 'EIO'))
    const file = await write(files, '/d/a', 'one')
    await files.syncDirectory('/d')
    await expect(codeOf(file.datasync())).resolves.toBe('EIO')
    await file.write(3, [bytes('!')])
    await file.datasync()
    expect(disk(files, 'visible')).toEqual({ '/d/a': 'one!' })
    files.powerCut()
    expect(disk(files)).toEqual({ '/d/a': '\0\0\0!' })
  })

  test('a sync of a directory that failed covers no name ever after', async () => {
    const files = await withDirectory(failing('syncDirectory', 1, 'EIO'))
    await write(files, '/d/a', 'one')
    await expect(codeOf(files.syncDirectory('/d'))).resolves.toBe('EIO')
    await files.syncDirectory('/d')
    files.powerCut()
    expect(disk(files)).toEqual({})
  })

  test('W12: a write that failed may have left its beginning, and never anything else', async () => {
    const lengths = new Set<number>()
    for (let seed = 1; seed <= 40; seed += 1) {
      const files = forgetfulFiles(seed, failing('write', 1, 'EIO'))
      await files.makeDirectory('/d')
      const file = await files.open('/d/a', 'create')
      await expect(codeOf(file.write(0, [bytes('one')]))).resolves.toBe('EIO')
      const left = text(files.bytesOf('/d/a', 'visible')) ?? 'no file'
      expect('one'.startsWith(left)).toBe(true)
      lengths.add(left.length)
    }
    expect([...lengths].sort((left, right) => left - right)).toEqual([0, 1, 2, 3])
  })

  test('W13: a disk that is full takes what fits, and goes on when there is room again', async () => {
    const files = await withDirectory({ freeBytes: 5 })
    const file = await files.open('/d/a', 'create')
    await file.truncate(100)
    await expect(files.freeBytes('/d')).resolves.toBe(5)
    await file.write(0, [bytes('one')])
    await expect(files.freeBytes('/d')).resolves.toBe(2)
    await expect(codeOf(file.write(3, [bytes('four')]))).resolves.toBe('ENOSPC')
    await file.write(0, [bytes('ONE')])
    await file.truncate(5)
    expect(disk(files, 'visible')).toEqual({ '/d/a': 'ONEfo' })
    files.setFreeBytes(2)
    await file.write(5, [bytes('ur')])
    await files.unlink('/d/a')
    await expect(files.freeBytes('/d')).resolves.toBe(7)
  })
})

describe('misuse has the code that Node gives it', () => {
  test.each<[string, string, (files: ForgetfulFiles) => Promise<unknown>]>([
    ['to open a file that is not there', 'ENOENT', (files) => files.open('/d/none', 'readWrite')],
    ['to create a file that is there', 'EEXIST', (files) => files.open('/d/a', 'create')],
    ['to create a file where no directory is', 'ENOENT', (files) => files.open('/none/a', 'create')],
    ['to open a directory', 'EISDIR', (files) => files.open('/d', 'read')],
    ['to rename nothing', 'ENOENT', (files) => files.rename('/d/none', '/d/b')],
    ['to rename over a directory', 'EISDIR', (files) => files.rename('/d/a', '/d/e')],
    ['to unlink nothing', 'ENOENT', (files) => files.unlink('/d/none')],
    ['to list a file', 'ENOTDIR', (files) => files.list('/d/a')],
    ['to list nothing', 'ENOENT', (files) => files.list('/none')],
    ['to sync a directory that is not there', 'ENOENT', (files) => files.syncDirectory('/none')],
    ['to make a directory below a file', 'ENOTDIR', (files) => files.makeDirectory('/d/a/b')],
    ['to lock what is not there', 'ENOENT', (files) => files.lock('/none')],
    [
      'to write what was opened for reading',
      'EBADF',
      async (files) => (await files.open('/d/a', 'read')).write(0, [bytes('x')]),
    ],
    [
      'to read after close',
      'EBADF',
      async (files) => {
        const file = await files.open('/d/a', 'read')
        await file.close()
        await file.close()
        await file.read(0, 1)
      },
    ],
  ])('%s is %s', async (_what, code, misuse) => {
    const files = await withDirectory()
    await files.makeDirectory('/d/e')
    await save(files, '/d/a', 'one')
    await expect(codeOf(misuse(files))).resolves.toBe(code)
    expect(disk(files, 'visible')).toEqual({ '/d/a': 'one' })
  })

  test('W26: a directory is locked once, until it is given back', async () => {
    const files = await withDirectory()
    const release = await files.lock('/d')
    await expect(codeOf(files.lock('d/'))).resolves.toBe('STORAGE_LOCKED')
    await release()
    await files.lock('/d')
    await release()
    await expect(codeOf(files.lock('/d'))).resolves.toBe('STORAGE_LOCKED')
  })
})
