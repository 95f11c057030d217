import { forgetfulFiles } from '@quorate/conformance'
import { QuorateError, seededRandom } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { diskOf, imageOf, live, look, newestSegment, record, usedLength, withFile, type Image } from './places.js'

/** A disk on which the last of three batches, of three records, was synced, and nothing came after it. */
async function threeBatches(): Promise<{ image: Image; from: number; to: number; path: string; bytes: Uint8Array }> {
  const files = forgetfulFiles(1)
  const life = await live(files)
  await life.append(record(1), record(2, 30))
  await life.append(record(3, 50))
  const from = usedLength(newestSegment(imageOf(files)).bytes)
  await life.append(record(4), record(5, 33), record(6))
  const image = imageOf(files)
  const { path, bytes } = newestSegment(image)
  return { image, path, bytes, from: Math.ceil(from / 8) * 8, to: usedLength(bytes) }
}

const before = [record(1), record(2, 30), record(3, 50)]
const after = [...before, record(4), record(5, 33), record(6)]

describe.each([
  { how: 'the file ends', tear: (bytes: Uint8Array, at: number) => bytes.slice(0, at) },
  { how: 'zeros follow', tear: (bytes: Uint8Array, at: number) => bytes.slice().fill(0, at) },
  { how: 'rubbish follows', tear: (bytes: Uint8Array, at: number) => bytes.slice().fill(0xa5, at) },
])('W1: a last batch torn at any of its bytes, where $how,', ({ how, tear }) => {
  test('is cut and told, and what came before it is there', async () => {
    const { image, path, bytes, from, to } = await threeBatches()
    const outcomes = { nothingToCut: 0, cutWithoutHeader: 0, cutWithHeader: 0 }
    for (let at = from; at < to; at += 1) {
      const found = await look(await diskOf(withFile(image, path, tear(bytes, at))))
      if (found instanceof QuorateError) throw new Error(`torn at ${at}: ${found.message}`)
      expect(found.records, `torn at ${at}`).toEqual(before)
      const { cut } = found.report
      if (cut === null) outcomes.nothingToCut += 1
      else if (cut.records === 0) outcomes.cutWithoutHeader += 1
      else outcomes.cutWithHeader += 1
      if (cut) expect(cut.batches).toBe(1)
      if (cut && how === 'the file ends') expect(cut.bytes).toBeLessThanOrEqual(at - from)
      expect(cut?.records ?? 0, `torn at ${at}`).toBe(at >= from + 72 ? 3 : 0)
    }
    console.log(
      `W1: of ${to - from} cuts where ${how}: ${JSON.stringify(outcomes)}, and never anything but the state before`,
    )
    // A batch of which nothing was written left no trace; of 72 bytes of header the last may be zeros.
    expect(outcomes.nothingToCut).toBe(how === 'rubbish follows' ? 0 : 1)
    expect(outcomes.cutWithoutHeader).toBeGreaterThanOrEqual(70)
    expect(outcomes.cutWithHeader).toBe(to - from - 72)
  })

  test('is there when it is whole', async () => {
    const { image, path, bytes, to } = await threeBatches()
    const whole = Math.ceil(to / 8) * 8
    const found = await look(await diskOf(withFile(image, path, tear(bytes, whole))))
    expect(found).toMatchObject({ records: after })
  })
})

test('W2: of a last batch in several sectors, any that are missing leave the state before it', async () => {
  const files = forgetfulFiles(1)
  const life = await live(files, { segmentBytes: 8_192 })
  await life.append('before')
  const from = usedLength(newestSegment(imageOf(files)).bytes)
  await life.append(record(2, 900), record(3, 900))
  const image = imageOf(files)
  const { path, bytes } = newestSegment(image)
  const sectors = Array.from({ length: Math.ceil((usedLength(bytes) - from) / 512) + 1 }, (_, at) => at)
  const first = Math.floor(from / 512) * 512
  for (let missing = 1; missing < 2 ** sectors.length; missing += 1) {
    const torn = bytes.slice()
    for (const at of sectors) {
      if ((missing & (1 << at)) === 0) continue
      torn.fill(0, Math.max(Math.ceil(from / 8) * 8, first + at * 512), first + (at + 1) * 512)
    }
    const isWhole = torn.every((byte, at) => byte === bytes[at])
    const found = await look(await diskOf(withFile(image, path, torn)), { segmentBytes: 8_192 })
    const records = isWhole ? ['before', record(2, 900), record(3, 900)] : ['before']
    expect(found, `without the sectors ${missing.toString(2)}`).toMatchObject({ records })
  }
})

test('a tail that was cut stays cut, and appending goes on from there', async () => {
  const { image, path, bytes, to } = await threeBatches()
  const files = await diskOf(withFile(image, path, bytes.slice(0, to - 9)))
  const first = await live(files)
  expect(first.report.cut).toMatchObject({ batches: 1, records: 3 })
  await first.append('instead')
  await first.storage.close()
  expect(await look(files)).toMatchObject({ records: [...before, 'instead'], report: { cut: null } })
})

test('W9: zeros behind the last batch, from one byte to a whole segment, are its end', async () => {
  const { image, path, bytes, to } = await threeBatches()
  const end = Math.ceil(to / 8) * 8
  for (const zeros of [0, 1, 7, 8, 71, 72, 73, 500, 5_000, 300_000]) {
    const padded = new Uint8Array(end + zeros)
    padded.set(bytes.subarray(0, end))
    const found = await look(await diskOf(withFile(image, path, padded)))
    expect(found, `${zeros} zeros`).toMatchObject({ records: after, report: { cut: null } })
  }
})

test('W10: rubbish behind the last batch is cut, whatever lengths it claims', async () => {
  const { image, path, bytes, to } = await threeBatches()
  const end = Math.ceil(to / 8) * 8
  const random = seededRandom(10)
  for (let round = 0; round < 300; round += 1) {
    const rubbish = Uint8Array.from({ length: 1 + random.nextInt(400) }, () => random.nextInt(256))
    // Every other time it begins as a batch does, and claims the largest body there is.
    if (round % 2 === 0) rubbish.set([0x51, 0x52, 0x42, 0x54, 0xff, 0xff, 0xff, 0xff].slice(0, rubbish.length))
    const tail = new Uint8Array(end + rubbish.length)
    tail.set(bytes.subarray(0, end))
    tail.set(rubbish, end)
    const found = await look(await diskOf(withFile(image, path, tail)))
    expect(found, `round ${round} of seed 10`).toMatchObject({ records: after })
  }
})

test('W8: a batch of another segment, or of another place in this one, is not believed behind the tail', async () => {
  const { image, path, bytes, from, to } = await threeBatches()
  const end = Math.ceil(to / 8) * 8
  const elsewhere = await threeBatches()
  for (const stale of [bytes.slice(from, end), elsewhere.bytes.slice(from, end), bytes.slice(128, end)]) {
    const tail = new Uint8Array(end + stale.length)
    tail.set(bytes.subarray(0, end))
    tail.set(stale, end)
    const found = await look(await diskOf(withFile(image, path, tail)))
    expect(found).toMatchObject({ records: after, report: { cut: { records: 0, bytes: usedLength(stale) } } })
  }
})
