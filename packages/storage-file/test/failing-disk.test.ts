import { forgetfulFiles, type FileOperation } from '@quorate/conformance'
import { position, QuorateError, type FileLayer, type OpenFile } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import {
  bytesOf,
  directory,
  diskOf,
  imageAt,
  imageOf,
  live,
  look,
  metaAt,
  pathsOf,
  record,
  refusalOf,
  saveImage,
} from './places.js'

/** Files that fail when told to. */
function breakable(): { files: ReturnType<typeof forgetfulFiles>; fail: Fail } {
  const fail: Fail = { operation: null, path: '', code: 'EIO', after: 0, times: Infinity }
  const files = forgetfulFiles(1, {
    fail: (operation, path) => {
      if (operation !== fail.operation || !path.includes(fail.path)) return null
      fail.after -= 1
      return fail.after < 0 && fail.after >= -fail.times ? fail.code : null
    },
  })
  return { files, fail }
}

interface Fail {
  operation: FileOperation | null
  path: string
  code: string
  /** So many calls still go well, and then so many fail. */
  after: number
  times: number
}

describe('D5: an error of the journal, the identity or a directory ends the storage', () => {
  const cases = [
    { what: 'a sync of the journal', operation: 'datasync', path: 'journal', code: 'STORAGE_FAILED', of: 'append' },
    { what: 'a write of the journal', operation: 'write', path: 'journal', code: 'STORAGE_FAILED', of: 'append' },
    {
      what: 'a sync of the identity',
      operation: 'datasync',
      path: 'identity',
      code: 'STORAGE_FAILED',
      of: 'saveIdentity',
    },
    {
      what: 'a rename of the identity',
      operation: 'rename',
      path: 'identity',
      code: 'STORAGE_FAILED',
      of: 'saveIdentity',
    },
    {
      what: 'a sync of the directory',
      operation: 'syncDirectory',
      path: '',
      code: 'STORAGE_FAILED',
      of: 'saveIdentity',
    },
    { what: 'a rename of a snapshot', operation: 'rename', path: 'snapshot', code: 'STORAGE_FAILED', of: 'saveImage' },
    {
      what: 'a full disk under the identity',
      operation: 'write',
      path: 'identity',
      code: 'STORAGE_FULL',
      of: 'saveIdentity',
    },
  ] as const

  test.each(cases)('W14: $what', async ({ operation, path, code, of }) => {
    const { files, fail } = breakable()
    const life = await live(files, { segmentBytes: 16_384 })
    await life.append('before')
    const { storage } = life
    const calls: Record<string, () => Promise<unknown>> = {
      append: () => life.append('after'),
      saveIdentity: () => storage.saveIdentity(bytesOf('me')),
      saveImage: () => saveImage(storage, 1, 'an image'),
      createSnapshot: () => storage.createSnapshot(metaAt(2)),
      openSnapshot: () => storage.openSnapshot(position(1)),
      replay: () => storage.replay(() => {}),
    }
    Object.assign(fail, { operation, path, code: code === 'STORAGE_FULL' ? 'ENOSPC' : 'EIO' })
    // The journal's file was opened under the name that it had in reserve.
    if (path === 'journal') fail.path = 'reserve-'
    const first = await refusalOf(calls[of]?.() ?? Promise.resolve())
    expect(first).toMatchObject({ code, outcome: 'fatal' })
    fail.operation = null
    for (const [name, call] of Object.entries(calls)) {
      expect(await refusalOf(call()), `${name} after the failure`).toBe(first)
    }
    await storage.close()
    files.powerCut()
    const found = await look(files, { segmentBytes: 16_384 })
    expect(found).toMatchObject({ records: ['before'] })
  })

  test('W14: whichever sync fails, what was acknowledged is there, and the failed one is not tried again', async () => {
    let failures = 0
    for (let nth = 1; nth <= 40; nth += 1) {
      const { files, fail } = breakable()
      Object.assign(fail, { operation: 'datasync', after: nth })
      let acknowledged = 0
      try {
        const life = await live(files)
        for (let number = 1; number <= 12; number += 1) {
          await life.append(record(number, 300))
          acknowledged = number
        }
        await life.storage.close()
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORAGE_FAILED' })
        failures += 1
      }
      fail.operation = null
      files.powerCut()
      const found = await look(files)
      if (found instanceof QuorateError) throw found
      expect(found.records.length, `sync ${nth} failed`).toBeGreaterThanOrEqual(acknowledged)
      expect(found.records).toEqual(Array.from({ length: found.records.length }, (_, at) => record(at + 1, 300)))
    }
    expect(failures).toBeGreaterThan(15)
  })

  test('W14, W15: a sync that fails once fails for ever: what it was for is not acknowledged by the next one', async () => {
    for (let nth = 0; nth < 6; nth += 1) {
      const { files, fail } = breakable()
      const life = await live(files, { segmentBytes: 16_384 })
      await life.append('before')
      Object.assign(fail, { operation: 'datasync', after: nth, times: 1 })
      for (let number = 1; number <= nth; number += 1) await life.append(record(number))
      const first = await refusalOf(life.append('lost'))
      expect(await refusalOf(life.append('after'))).toBe(first)
      await life.storage.close()
      files.powerCut()
      const records = ['before', ...Array.from({ length: nth }, (_, at) => record(at + 1))]
      expect(await look(files, { segmentBytes: 16_384 }), `sync ${nth}`).toMatchObject({ records })
    }
  })

  test('what was appended at the same time fails with it', async () => {
    const { files, fail } = breakable()
    const life = await live(files)
    Object.assign(fail, { operation: 'datasync' })
    const outcomes = await Promise.allSettled([life.append('a'), life.append('b'), life.append('c')])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  })
})

describe('D5: a snapshot that cannot be written ends nothing', () => {
  test.each([
    { operation: 'open', code: 'ENOSPC', as: 'STORAGE_FULL' },
    { operation: 'write', code: 'ENOSPC', as: 'STORAGE_FULL' },
    { operation: 'write', code: 'EIO', as: 'STORAGE_FAILED' },
    { operation: 'datasync', code: 'EIO', as: 'STORAGE_FAILED' },
  ] as const)('$code at $operation', async ({ operation, code, as }) => {
    const { files, fail } = breakable()
    const life = await live(files)
    Object.assign(fail, { operation, path: 'snapshot', code })
    expect(await refusalOf(saveImage(life.storage, 1, 'x'.repeat(200_000)))).toMatchObject({
      code: as,
      outcome: 'notDone',
    })
    fail.operation = null
    expect([...files.files('visible').keys()].filter((path) => path.includes('snapshot'))).toEqual([])
    await life.append('goes on')
    await saveImage(life.storage, 1, 'at the second try')
    expect(await imageAt(life.storage, 1)).toBe('at the second try')
  })
})

test('D3: what was only in the page cache is durable before it is reported', async () => {
  const { files, fail } = breakable()
  const life = await live(files)
  await life.append('one')
  Object.assign(fail, { operation: 'datasync' })
  await refusalOf(life.append('two'))
  fail.operation = null
  await life.storage.close()

  // The sync has failed, but everybody still sees the record. Whoever reports it has to have it on the disk.
  const second = await live(files)
  expect(second.records).toEqual(['one', 'two'])
  files.powerCut()
  expect(await look(files)).toMatchObject({ records: ['one', 'two'] })
})

test('W16, W28: a file that cannot be read, or opened because too many are, is not an empty one', async () => {
  for (const path of ['journal', 'identity', 'snapshot']) {
    const { files, fail } = breakable()
    const life = await live(files)
    await life.storage.saveIdentity(bytesOf('me'))
    await life.append(record(1, 600))
    await life.release(2, 1, record(2, 600))
    await life.storage.close()
    const image = imageOf(files)
    const disk = await diskOf(image, {
      fail: (operation, at) => (operation === 'read' && at.includes(path) ? 'EIO' : null),
    })
    expect(await look(disk), path).toMatchObject({ code: 'STORAGE_FAILED' })
    expect(imageOf(disk)).toEqual(image)
    Object.assign(fail, { operation: 'open', path, code: 'EMFILE' })
    expect(await look(files), path).toMatchObject({ code: 'STORAGE_FAILED' })
    fail.operation = null
    expect(await look(files), path).toMatchObject({ first: 2 })
  }
})

test('an open that fails at any operation lets go of the directory, and the next one finds everything', async () => {
  const prepared = forgetfulFiles(1)
  const life = await live(prepared)
  for (let number = 1; number <= 5; number += 1) await life.append(record(number, 200))
  await life.release(3, 1, 'six')
  const image = imageOf(prepared)
  let failures = 0
  for (let nth = 1; ; nth += 1) {
    let calls = 0
    let isFailing = true
    const files = await diskOf(image, {
      fail: (operation, path) => {
        if (path === '' || operation === 'makeDirectory' || operation === 'freeBytes') return null
        calls += 1
        return isFailing && calls === nth ? 'EIO' : null
      },
    })
    const found = await look(files)
    if (calls < nth) break
    isFailing = false
    if (found instanceof QuorateError) {
      expect(found.code).toBe('STORAGE_FAILED')
      failures += 1
    }
    expect(await look(files), `operation ${nth} has failed`).toMatchObject({ first: 3, records: { length: 4 } })
  }
  expect(failures).toBeGreaterThan(25)
  expect(directory).toBe('/place')
})

test('W16: a reserve file that cannot be read is replaced', async () => {
  const { files, fail } = breakable()
  const life = await live(files)
  await life.append('one')
  await life.storage.close()
  expect(pathsOf(imageOf(files), 'reserve')).toHaveLength(1)
  Object.assign(fail, { operation: 'read', path: 'reserve' })
  expect(await look(files)).toMatchObject({ records: ['one'] })
})

test('a file of the reserve in which power left more than zeros is not taken for a torn tail', async () => {
  const files = forgetfulFiles(1)
  const first = await live(files)
  await first.append('one')
  await first.storage.close()
  const [path = ''] = pathsOf(imageOf(files), 'reserve')
  files.tamper(path, (bytes) => bytes.with(700, 1))
  expect(await look(files)).toMatchObject({ records: ['one'], report: { cut: null } })
  expect(await look(files)).toMatchObject({ records: ['one'], report: { cut: null } })
})

describe('whatever fails, no file stays open', () => {
  /** The files, and the paths of those that are open. */
  function counted(): ReturnType<typeof breakable> & { layer: FileLayer; openPaths: () => string[] } {
    const { files, fail } = breakable()
    const open = new Map<OpenFile, string>()
    const layer: FileLayer = {
      ...files,
      open: async (path, mode) => {
        const file = await files.open(path, mode)
        const known: OpenFile = {
          read: (offset, length) => file.read(offset, length),
          write: (offset, chunks) => file.write(offset, chunks),
          datasync: () => file.datasync(),
          truncate: (length) => file.truncate(length),
          size: () => file.size(),
          close: async () => {
            open.delete(known)
            await file.close()
          },
        }
        open.set(known, path)
        return known
      },
    }
    return { files, fail, layer, openPaths: () => [...open.values()] }
  }

  test('whichever sync of a rotation fails, that of the seal too', async () => {
    for (let after = 0; after < 4; after += 1) {
      const { layer, fail, openPaths } = counted()
      const life = await live(layer)
      await life.append(record(1, 300))
      Object.assign(fail, { operation: 'datasync', path: '', after })
      const rotated = life.append(record(2, 300)).then(() => life.append(record(3, 300)))
      expect(await refusalOf(rotated), `${after} went well`).toMatchObject({ code: 'STORAGE_FAILED' })
      await life.storage.close()
      expect(openPaths(), `${after} went well`).toEqual([])
    }
  })

  test('when a released image cannot be deleted at close', async () => {
    const { layer, fail, openPaths } = counted()
    const life = await live(layer, { segmentBytes: 16_384 })
    await life.release(1, 1, 'one')
    await life.storage.openSnapshot(position(1))
    await life.release(2, 2, 'two')
    await life.storage.openSnapshot(position(2))
    Object.assign(fail, { operation: 'unlink', path: 'snapshot' })
    expect(await refusalOf(life.storage.close())).toMatchObject({ code: 'STORAGE_FAILED' })
    expect(openPaths()).toEqual([])
  })

  test('when images are being opened and begun at close', async () => {
    const { files, layer, openPaths } = counted()
    const life = await live(layer)
    await life.release(1, 1, 'one')
    const [reading, writing] = [life.storage.openSnapshot(position(1)), life.storage.createSnapshot(metaAt(7))]
    await life.storage.close()
    expect(openPaths()).toEqual([])
    const [source, sink] = await Promise.all([reading, writing])
    await expect(source?.read(0, 1)).rejects.toThrow('this snapshot was closed')
    await expect(sink.commit()).rejects.toThrow('this snapshot was aborted')
    expect([...files.files('visible').keys()].filter((path) => path.endsWith('.tmp'))).toEqual([])
  })
})
