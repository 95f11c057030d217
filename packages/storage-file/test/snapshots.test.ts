import { createHash } from 'node:crypto'
import { forgetfulFiles } from '@quorate/conformance'
import { equalBytes, position, seededRandom, sequence, type FileLayer } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { fileStorage } from '@quorate/storage-file'
import {
  bytesOf,
  directory,
  imageAt,
  imageOf,
  live,
  look,
  metaAt,
  pathsOf,
  saveImage,
  smallLimits,
  stillTime,
  textOf,
} from './places.js'

test('the digest of an image is the SHA-256 of its content, however it was written', async () => {
  const life = await live(forgetfulFiles(1))
  const random = seededRandom(1)
  for (const length of [0, 1, 65_535, 65_536, 65_537, 300_000]) {
    const content = Uint8Array.from({ length }, () => random.nextInt(256))
    const sink = await life.storage.createSnapshot(metaAt(1))
    for (let at = 0; at < length;) {
      const end = at + 1 + random.nextInt(100_000)
      await sink.write(content.subarray(at, end))
      at = end
    }
    await sink.commit()
    const source = await life.storage.openSnapshot(position(1))
    expect(source?.byteLength).toBe(length)
    expect(source?.digest).toEqual(new Uint8Array(createHash('sha256').update(content).digest()))
    for (let round = 0; round < 20; round += 1) {
      const offset = random.nextInt(length + 1)
      const asked = random.nextInt(length + 100)
      const read = (await source?.read(offset, asked)) ?? new Uint8Array()
      expect(equalBytes(read, content.slice(offset, offset + asked))).toBe(true)
    }
    await source?.close()
  }
})

test('steps of a sink that overlap are taken in order, and after its end there is none', async () => {
  const life = await live(forgetfulFiles(1))
  const sink = await life.storage.createSnapshot(metaAt(1))
  await Promise.all([sink.write(bytesOf('a')), sink.write(bytesOf('b')), sink.write(bytesOf('c')), sink.commit()])
  expect(await imageAt(life.storage, 1)).toBe('abc')
  await expect(sink.write(bytesOf('d'))).rejects.toThrow(TypeError)
  await expect(sink.commit()).rejects.toThrow('this snapshot is committed')
  await sink.abort()
  expect(await imageAt(life.storage, 1)).toBe('abc')
})

test('a sink and a source that are open at close are ended, and leave nothing behind', async () => {
  const files = forgetfulFiles(1)
  const life = await live(files)
  await saveImage(life.storage, 1, 'image')
  const source = await life.storage.openSnapshot(position(1))
  const sink = await life.storage.createSnapshot(metaAt(2))
  await sink.write(bytesOf('half'))
  await life.storage.close()
  await expect(source?.read(0, 1)).rejects.toThrow(TypeError)
  await expect(sink.write(bytesOf('more'))).rejects.toThrow(TypeError)
  expect([...files.files('visible').keys()].filter((path) => path.endsWith('.tmp'))).toEqual([])
  expect(await look(files)).toMatchObject({ records: [] })
})

test('a released image is deleted when its last reader is done', async () => {
  const files = forgetfulFiles(1)
  const life = await live(files)
  await life.append('one')
  await life.release(1, 1, 'two')
  const readers = [await life.storage.openSnapshot(position(1)), await life.storage.openSnapshot(position(1))]
  await life.release(2, 2, 'three')
  const present = () => pathsOf(files.files('visible'), 'snapshot').map((path) => Number(path.slice(-16)))
  expect(present()).toEqual([1, 2])
  expect(await life.storage.openSnapshot(position(1))).toBeNull()
  await readers[0]?.close()
  expect(present()).toEqual([1, 2])
  await readers[1]?.close()
  expect(present()).toEqual([2])
  await life.storage.close()
  expect(pathsOf(imageOf(files), 'snapshot')).toEqual([`${directory}/snapshot-${'2'.padStart(16, '0')}`])
})

test('a release that names what was never committed, or goes back, is refused and changes nothing', async () => {
  const files = forgetfulFiles(1)
  const life = await live(files)
  await life.append('one', 'two')
  await life.release(2, 5, 'three')
  await saveImage(life.storage, 6, 'image 6')
  const next = { firstSequence: sequence(4), records: [bytesOf('four')] }
  for (const [from, at] of [
    [3, 7],
    [1, 5],
    [6, 6],
  ] as const) {
    const release = { sequence: sequence(from), snapshot: position(at) }
    await expect(life.storage.append({ ...next, release }), `${from} on ${at}`).rejects.toThrow(TypeError)
  }
  await expect(life.storage.append({ ...next, firstSequence: sequence(5), release: null })).rejects.toThrow(
    'the next record is 4, and the batch begins with 5',
  )
  await life.append('four')
  await expect(life.storage.replay(() => {})).rejects.toThrow('once, before the first append')
  await life.storage.close()
  expect(await look(files)).toMatchObject({ first: 2, records: ['two', 'three', 'four'] })
})

test('what no reader would take for a header is refused before it is written', async () => {
  const files = forgetfulFiles(1)
  const life = await live(files)
  const meta = { ...metaAt(1), protocol: new Uint8Array(17 * 1024 * 1024) }
  await expect(life.storage.createSnapshot(meta)).rejects.toThrow(/take 17825\d* bytes, above 16777216/)
  await saveImage(life.storage, 1, 'image')
  expect(await imageAt(life.storage, 1)).toBe('image')
})

test('close waits for a source that is being closed: what it deletes belongs to whoever opens next', async () => {
  const files = forgetfulFiles(1)
  const log: string[] = []
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const slow: FileLayer = {
    ...files,
    unlink: async (path) => {
      if (path.includes('snapshot')) await gate
      await files.unlink(path)
      log.push('deleted')
    },
  }
  const life = await live(slow, { segmentBytes: 16_384 })
  await life.release(1, 1, 'one')
  const source = await life.storage.openSnapshot(position(1))
  await life.release(2, 2, 'two')
  void source?.close()
  const closed = life.storage.close().then(() => log.push('closed'))
  // More turns than everything else of closing takes.
  for (let turn = 0; turn < 50; turn += 1) await nodeEnvironment().yieldTurn()
  open()
  await closed
  expect(log).toEqual(['deleted', 'closed'])
  expect(await look(files)).toMatchObject({ records: ['two'], first: 2 })
})

test('an append while the journal is replayed is a mistake of the caller, and no damage', async () => {
  const files = forgetfulFiles(1)
  const first = await live(files)
  await first.append('one')
  await first.storage.close()
  const storage = await fileStorage({ directory, files, environment: stillTime().environment, ...smallLimits }).open()
  const replayed: string[] = []
  const replaying = storage.replay((_, bytes) => replayed.push(textOf(bytes)))
  const batch = { firstSequence: sequence(2), records: [bytesOf('two')], release: null }
  await expect(storage.append(batch)).rejects.toThrow(TypeError)
  await replaying
  await storage.append(batch)
  await storage.close()
  expect(replayed).toEqual(['one'])
  expect(await look(files)).toMatchObject({ records: ['one', 'two'] })
})
