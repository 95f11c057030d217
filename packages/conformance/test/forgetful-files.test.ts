import { forgetfulFiles, type ForgetfulFiles } from '@quorate/conformance'
import type { Environment } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { bytes, codeOf, disk, save, text, withDirectory, write } from './forgetful-case.js'

/** Time that passes when it is told to. */
function handTime(): Environment & { pass(ms: number): void } {
  let now = 0
  let timers: { at: number; run: () => void }[] = []
  return {
    monotonicMs: () => now,
    wallMs: () => now,
    setTimer(delayMs, run) {
      const timer = { at: now + delayMs, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    yieldTurn: () => Promise.resolve(),
    randomBytes: (count) => new Uint8Array(count),
    pass(ms) {
      now += ms
      const due = timers.filter(({ at }) => at <= now)
      timers = timers.filter(({ at }) => at > now)
      for (const { run } of due) run()
    },
  }
}

describe('a power cut', () => {
  test('leaves what was synced, with its name', async () => {
    const files = await withDirectory()
    await save(files, '/d/a', 'one')
    files.powerCut()
    expect(disk(files)).toEqual({ '/d/a': 'one' })
    expect(disk(files, 'visible')).toEqual({ '/d/a': 'one' })
  })

  test('takes bytes that were written after the last datasync, and keeps the size of before', async () => {
    const files = await withDirectory()
    const file = await save(files, '/d/a', 'one')
    await file.write(3, [bytes(' t'), bytes('wo')])
    await file.write(0, [bytes('O')])
    expect(disk(files, 'visible')).toEqual({ '/d/a': 'One two' })
    files.powerCut()
    expect(disk(files, 'visible')).toEqual({ '/d/a': 'one' })
  })

  test('brings back what was truncated since', async () => {
    const files = await withDirectory()
    const file = await save(files, '/d/a', 'one')
    await file.truncate(1)
    files.powerCut()
    expect(disk(files)).toEqual({ '/d/a': 'one' })
  })

  test('takes the name of a file whose directory was not synced, though its bytes were', async () => {
    const files = await withDirectory()
    const file = await write(files, '/d/a', 'one')
    await file.datasync()
    files.powerCut()
    expect(disk(files)).toEqual({})
    await expect(codeOf(files.open('/d/a', 'read'))).resolves.toBe('ENOENT')
  })

  test('takes the bytes of a file whose name alone was synced', async () => {
    const files = await withDirectory()
    await write(files, '/d/a', 'one')
    await files.syncDirectory('/d')
    files.powerCut()
    expect(disk(files)).toEqual({ '/d/a': '' })
  })

  test('W17: undoes a rename whose directory was not synced, and brings back what it overwrote', async () => {
    const files = await withDirectory()
    await save(files, '/d/old', 'old')
    await save(files, '/d/new', 'new')
    await files.rename('/d/new', '/d/old')
    expect(disk(files, 'visible')).toEqual({ '/d/old': 'new' })
    files.powerCut()
    expect(disk(files)).toEqual({ '/d/old': 'old', '/d/new': 'new' })
  })

  test('W17: keeps a rename whose directory was synced', async () => {
    const files = await withDirectory()
    await save(files, '/d/old', 'old')
    await save(files, '/d/new', 'new')
    await files.rename('/d/new', '/d/old')
    await files.syncDirectory('/d')
    files.powerCut()
    expect(disk(files)).toEqual({ '/d/old': 'new' })
  })

  test('W18: brings back a file that was unlinked without a sync of its directory', async () => {
    const files = await withDirectory()
    await save(files, '/d/a', 'one')
    await files.unlink('/d/a')
    await expect(files.list('/d')).resolves.toEqual([])
    files.powerCut()
    expect(disk(files)).toEqual({ '/d/a': 'one' })
    await files.unlink('/d/a')
    await files.syncDirectory('/d')
    files.powerCut()
    expect(disk(files)).toEqual({})
  })

  test('W17: between two directories, each end of a rename is as durable as its own directory', async () => {
    const ends = async (synced: string): Promise<Record<string, string | null>> => {
      const files = await withDirectory()
      await files.makeDirectory('/e')
      await save(files, '/d/a', 'one')
      await files.rename('/d/a', '/e/a')
      await files.syncDirectory(synced)
      files.powerCut()
      return disk(files)
    }
    await expect(ends('/e')).resolves.toEqual({ '/d/a': 'one', '/e/a': 'one' })
    await expect(ends('/d')).resolves.toEqual({})
  })

  test('leaves a directory that was made, and no other name beside it', async () => {
    const files = forgetfulFiles(1)
    await files.makeDirectory('data/n1')
    const file = await write(files, 'data/n1/file', 'one')
    await file.datasync()
    await files.makeDirectory('data/n1/snapshots')
    files.powerCut()
    await expect(files.list('data')).resolves.toEqual(['n1'])
    await expect(files.list('/data/./n1')).resolves.toEqual(['snapshots'])
  })

  test('ends open files, locks and calls under way with EIO, and the layer goes on', async () => {
    const files = await withDirectory()
    const file = await save(files, '/d/a', 'one')
    const release = await files.lock('/d')
    const under = [file.write(0, [bytes('x')]), file.datasync(), files.rename('/d/a', '/d/b'), files.list('/d')]
    files.powerCut()
    for (const outcome of under) await expect(codeOf(outcome)).resolves.toBe('EIO')
    for (const outcome of [file.read(0, 1), file.size(), file.truncate(0), file.close(), release()]) {
      await expect(codeOf(outcome)).resolves.toBe('EIO')
    }
    await files.lock('/d')
    const again = await files.open('/d/a', 'readWrite')
    expect(text(await again.read(0, 9))).toBe('one')
  })

  test('ends a mount for good: its owner cannot clean up after its own death', async () => {
    const files = await withDirectory()
    await save(files, '/d/a', 'one')
    const mounted = files.mount()
    await expect(mounted.list('/d')).resolves.toEqual(['a'])
    files.powerCut()
    await expect(codeOf(mounted.unlink('/d/a'))).resolves.toBe('EIO')
    expect(disk(files, 'visible')).toEqual({ '/d/a': 'one' })
  })

  test('is not what a killed process leaves: it is dead, and what it wrote is there to be read and still not durable', async () => {
    const files = await withDirectory()
    const mounted = files.mount()
    await mounted.lock('/d')
    const file = await mounted.open('/d/a', 'create')
    await file.write(0, [bytes('one')])
    files.kill()
    await expect(codeOf(file.datasync())).resolves.toBe('EIO')
    await files.lock('/d')
    expect([disk(files, 'visible'), disk(files)]).toEqual([{ '/d/a': 'one' }, {}])
  })

  test('cuts between the calls of somebody else, when a fault says so', async () => {
    const files: ForgetfulFiles = forgetfulFiles(1, {
      fail: (operation) => {
        if (operation === 'syncDirectory') files.powerCut()
        return null
      },
    })
    await files.makeDirectory('/d')
    await expect(codeOf(save(files, '/d/a', 'one'))).resolves.toBe('EIO')
    expect(disk(files)).toEqual({})
  })
})

describe('a sync that takes time', () => {
  test('takes what a function says at each', async () => {
    const time = handTime()
    let syncMs = 5
    const files = forgetfulFiles(1, { environment: time, syncMs: () => syncMs })
    const making = files.makeDirectory('/d')
    time.pass(5)
    await making
    syncMs = 100
    const syncing = codeOf(files.syncDirectory('/d'))
    time.pass(99)
    files.powerCut()
    await expect(syncing).resolves.toBe('EIO')
  })

  test('is not durable until it answers', async () => {
    const time = handTime()
    const files = forgetfulFiles(1, { environment: time, syncMs: 5 })
    const making = files.makeDirectory('/d')
    time.pass(5)
    await making
    const file = await write(files, '/d/a', 'one')
    const syncing = [file.datasync(), files.syncDirectory('/d')]
    time.pass(4)
    expect(disk(files)).toEqual({})
    time.pass(1)
    await Promise.all(syncing)
    expect(disk(files)).toEqual({ '/d/a': 'one' })
  })

  test('covers what was done before it was called and nothing that came later', async () => {
    const time = handTime()
    const files = forgetfulFiles(1, { environment: time, syncMs: { min: 5, max: 9 } })
    const making = files.makeDirectory('/d')
    time.pass(9)
    await making
    const file = await write(files, '/d/a', 'one')
    const syncing = [file.datasync(), files.syncDirectory('/d')]
    await file.write(3, [bytes(' two')])
    await write(files, '/d/b', '')
    time.pass(9)
    await Promise.all(syncing)
    expect(disk(files, 'visible')).toEqual({ '/d/a': 'one two', '/d/b': '' })
    files.powerCut()
    expect(disk(files)).toEqual({ '/d/a': 'one' })
  })

  test('fails with EIO as soon as the power is cut, and nothing of it is durable', async () => {
    const time = handTime()
    const files = forgetfulFiles(1, { environment: time, syncMs: 5 })
    const making = files.makeDirectory('/d')
    // By then it only waits for its time to pass.
    for (let call = 0; call < 5; call += 1) await files.list('/')
    files.powerCut()
    await expect(codeOf(making)).resolves.toBe('EIO')
    time.pass(5)
    await expect(codeOf(files.list('/d'))).resolves.toBe('ENOENT')
  })

  test('needs an environment', () => {
    expect(() => forgetfulFiles(1, { syncMs: 1 })).toThrow(TypeError)
  })
})

test('a read is shorter only at the end, a hole is zeros, and what was handed over is copied', async () => {
  const files = await withDirectory()
  const file = await files.open('/d/a', 'create')
  const given = bytes('abc')
  await file.write(2, [given])
  given.fill(0)
  expect(text(await file.read(0, 9))).toBe('\0\0abc')
  expect(text(await file.read(3, 1))).toBe('b')
  expect(await file.read(9, 1)).toHaveLength(0)
  await file.truncate(3)
  await file.truncate(4)
  expect(text(await file.read(0, 9))).toBe('\0\0a\0')
  await expect(file.size()).resolves.toBe(4)
})

test('names are listed by code unit', async () => {
  const files = await withDirectory()
  for (const name of ['b', 'a10', 'a9', 'B']) await files.open(`/d/${name}`, 'create')
  await expect(files.list('/d')).resolves.toEqual(['B', 'a10', 'a9', 'b'])
})

test('a test may flip, overwrite, shorten, make and delete what is on the disk', async () => {
  const files = await withDirectory()
  const file = await save(files, '/d/a', 'one')
  await file.write(3, [bytes(' two')])
  files.flipBit('/d/a', 8)
  expect(disk(files, 'visible')).toEqual({ '/d/a': 'ooe' })
  expect(() => files.flipBit('/d/a', 24)).toThrow(TypeError)
  files.tamper('/d/a', (content) => content.subarray(0, 1))
  const made = bytes('made')
  files.tamper('/d/b', () => made)
  made.fill(0)
  expect(disk(files, 'visible')).toEqual({ '/d/a': 'o', '/d/b': 'made' })
  files.powerCut()
  expect(disk(files)).toEqual({ '/d/a': 'o', '/d/b': 'made' })
  files.tamper('/d/a', () => null)
  expect(disk(files, 'visible')).toEqual({ '/d/b': 'made' })
  expect(files.bytesOf('/d/a')).toBeNull()
})
