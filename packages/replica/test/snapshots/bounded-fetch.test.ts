import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { metaOf, n2, noise } from './places.js'
import { part, Wire } from './wire.js'

async function bench(freeBytes: number | null = null, parts = 20) {
  const storage = await memoryStorage().open()
  let created = 0
  const create = storage.createSnapshot.bind(storage)
  storage.createSnapshot = (meta) => ((created += 1), create(meta))
  if (freeBytes !== null) storage.freeBytes = () => Promise.resolve(freeBytes)
  const on = new Wire(storage)
  await on.join(n2, { 7: noise(parts * part) })
  return { on, storage, createdCount: () => created }
}

test('an offer of 2^50 bytes is refused before anything is written, and tried again later', async () => {
  const { on, createdCount } = await bench()
  on.change = (answer) => (answer.kind === 'chunk' ? { ...answer, total: 2 ** 50 } : answer)
  on.fetcher.fetch(n2, metaOf(7))
  await on.time.until(() => on.failed.length > 0, 60_000)
  expect(on.warnings).toEqual([expect.stringMatching(/1125899906842624 bytes, and snapshotBytesMax is 1048576/)])
  expect(createdCount()).toBe(0)
  expect(on.asked.length).toBeLessThan(10)
})

test('an image that is longer than the free space is not begun; one that fits is', async () => {
  const full = await bench(20 * part - 1)
  full.on.fetcher.fetch(n2, metaOf(7))
  await full.on.time.until(() => full.on.failed.length > 0, 60_000)
  expect(full.on.warnings).toEqual([expect.stringMatching(/it has 20480 bytes, and 20479 are free: make room/)])
  expect(full.createdCount()).toBe(0)
  const roomy = await bench(20 * part)
  roomy.on.fetcher.fetch(n2, metaOf(7))
  await roomy.on.time.until(() => roomy.on.fetched.length > 0, 60_000)
  expect(roomy.on.warnings).toEqual([])
})

test('a fetch ends after snapshotTimeoutMs, however steadily a little comes', async () => {
  const { on } = await bench(null, 1_000)
  let requests = 0
  // One request of many is answered: never so rarely that the peer counts as silent.
  on.fate = (kind) => (kind === 'request' && (requests += 1) % 50 !== 0 ? 'lost' : 'arrives')
  on.fetcher.fetch(n2, metaOf(7))
  for (let resumed = 0; resumed < 150; resumed += 1) {
    await on.time.pass(2_000)
    on.fetcher.fetch(n2, metaOf(7))
    if (on.warnings.length > 0) break
  }
  expect(on.warnings).toEqual([expect.stringMatching(/was not whole after 300000 ms/)])
  on.fetcher.close()
})
