import { position, QuorateError, type OpenStorage } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { SnapshotInstall } from '../../src/snapshots/snapshot-install.js'
import { metaOf, noise, onFiles, save, still, whole } from './places.js'

const part = 256 * 1024

async function bench(at: number, image: Uint8Array, storage?: OpenStorage) {
  const place = storage ?? (await memoryStorage().open())
  await save(place, at, image)
  const time = still()
  const chunks: Uint8Array[] = []
  const open: number[] = []
  const openSnapshot = async (each: ReturnType<typeof position>) => {
    const source = await place.openSnapshot(each)
    if (source) open.push(each)
    const close = async () => {
      open.splice(open.indexOf(each), 1)
      await source?.close()
    }
    return source && { byteLength: source.byteLength, digest: source.digest, read: source.read.bind(source), close }
  }
  const restore = async (bytes: AsyncIterable<Uint8Array>) => {
    for await (const chunk of bytes) chunks.push(chunk)
  }
  const host = { environment: time.environment, storage: { openSnapshot }, restore }
  return { place, time, chunks, open, openSnapshot, host, install: new SnapshotInstall(host) }
}

test('the state is restored from the whole image, in reads of 256 KiB with turns for others, and the image is closed', async () => {
  const image = noise(2 * part + 5)
  const { time, chunks, open, install } = await bench(7, image)
  let isDone = false
  void install.install(metaOf(7)).then(() => (isDone = true))
  await time.until(() => isDone, 1_000)
  expect(chunks.map(({ length }) => length)).toEqual([part, part, 5])
  expect(Buffer.compare(Buffer.concat(chunks), image)).toBe(0)
  expect(time.turns()).toBeGreaterThanOrEqual(3)
  expect(open).toEqual([])
})

test('a machine is what it was where the image was written', async () => {
  const life = counter.create()
  await life.restore(counter.create().snapshot(), 1)
  const { time, host } = await bench(7, await whole(life.snapshot()))
  const other = counter.create()
  const install = new SnapshotInstall({ ...host, restore: (image) => other.restore(image, 1) })
  let isDone = false
  void install.install(metaOf(7)).then(() => (isDone = true))
  expect(await time.until(() => isDone, 1_000)).toBe(true)
  expect(await whole(other.snapshot())).toEqual(await whole(life.snapshot()))
})

test('9.5: the fetched image is held until it is installed, whatever is released meanwhile', async () => {
  const storage = await onFiles()
  const { time, chunks, open, openSnapshot, install } = await bench(7, noise(10), storage)
  const source = await openSnapshot(position(7))
  if (!source) throw new Error('the image is there')
  install.hold(metaOf(7), source)
  await save(storage, 8, noise(20))
  const release = { sequence: 1 as never, snapshot: position(8) }
  await storage.append({ firstSequence: 1 as never, records: [noise(1)], release })
  expect(await storage.openSnapshot(position(7))).toBeNull()
  expect(open).toEqual([7])
  let isDone = false
  void install.install(metaOf(7)).then(() => (isDone = true))
  expect(await time.until(() => isDone, 1_000)).toBe(true)
  expect(Buffer.concat(chunks)).toEqual(Buffer.from(noise(10)))
  expect(open).toEqual([])
  await storage.close()
})

test('one image is held: another one replaces it, and one that is applied already is let go', async () => {
  const { place, open, openSnapshot, install } = await bench(7, noise(10))
  await save(place, 9, noise(20))
  for (const at of [7, 9]) {
    const source = await openSnapshot(position(at))
    if (source) install.hold(metaOf(at), source)
  }
  expect(open).toEqual([9])
  install.onApplied(position(8))
  expect(open).toEqual([9])
  install.onApplied(position(9))
  expect(open).toEqual([])
  await install.close()
})

test('an image that is not there, or is none to the machine, is fatal and says why', async () => {
  const { install, open, host } = await bench(7, noise(10))
  const missing = install.install(metaOf(8))
  await expect(missing).rejects.toMatchObject({ code: 'STORAGE_CORRUPT', outcome: 'fatal' })
  const refusing = new SnapshotInstall({ ...host, restore: () => Promise.reject(new TypeError('format 9')) })
  await expect(refusing.install(metaOf(7))).rejects.toThrow(/position 7: format 9/)
  await expect(refusing.install(metaOf(7))).rejects.toMatchObject({ code: 'APPLY_FAILED', outcome: 'fatal' })
  expect(open).toEqual([])
})

test('what the storage says of a damaged image is passed on', async () => {
  const { install, host } = await bench(7, noise(10))
  const damage = new QuorateError('STORAGE_CORRUPT', 'block 3 is damaged')
  const restore = async (image: AsyncIterable<Uint8Array>) => void (await whole(image))
  const damaged = new SnapshotInstall({
    ...host,
    restore,
    storage: {
      openSnapshot: async (at) => {
        const source = await host.storage.openSnapshot(at)
        return source && { ...source, read: () => Promise.reject(damage) }
      },
    },
  })
  await expect(damaged.install(metaOf(7))).rejects.toBe(damage)
  await install.close()
})
