import { forgetfulFiles } from '@quorate/conformance'
import { describe, expect, test } from 'vitest'
import { bytesOf, directory, imageOf, live, look, pathsOf, record, refusalOf, stillTime } from './places.js'

const limits = { segmentBytes: 1_024, reserveSegments: 2 }
const batch = (number: number) => record(number, 700)

describe('D14: a disk that gets full', () => {
  test('is noticed while there is a reserve, and a follower goes on until that is used up', async () => {
    const files = forgetfulFiles(1)
    const time = stillTime()
    const life = await live(files, limits, time.environment)
    await time.pass(1)
    expect(pathsOf(imageOf(files), 'reserve')).toHaveLength(2)
    expect(life.storage.pressure).toBe('none')

    files.setFreeBytes(100)
    await life.append(batch(1))
    await life.append(batch(2))
    await time.pass(1)
    expect(life.storage.pressure).toBe('low')
    await life.append(batch(3))
    await time.pass(1)
    expect(life.storage.pressure).toBe('full')

    expect(await refusalOf(life.append(batch(4)))).toMatchObject({ code: 'STORAGE_FULL', outcome: 'fatal' })
    expect(await refusalOf(life.append(batch(5)))).toMatchObject({ code: 'STORAGE_FULL' })
    await life.storage.close()
    expect(await look(files, limits)).toMatchObject({ code: 'STORAGE_FULL' })

    files.setFreeBytes(10_000)
    expect(await look(files, limits)).toMatchObject({ records: [batch(1), batch(2), batch(3)] })
  })

  test('D5, W15: a directory that could not be synced ends the storage, also when it is said to be for lack of room', async () => {
    let [isArmed, last] = [false, '']
    const files = forgetfulFiles(1, {
      fail: (operation, path) => {
        const isOfReserve = operation === 'syncDirectory' && /^rename .*reserve.*tmp$/.test(last)
        last = `${operation} ${path}`
        return isArmed && isOfReserve ? 'ENOSPC' : null
      },
    })
    const time = stillTime()
    const life = await live(files, limits, time.environment)
    await time.pass(1)
    isArmed = true
    await life.append(batch(1))
    await life.append(batch(2))
    await time.pass(1)
    expect(life.storage.failure).toMatchObject({ code: 'STORAGE_FULL', outcome: 'fatal' })
    expect(await refusalOf(life.append(batch(3)))).toMatchObject({ code: 'STORAGE_FULL' })
    await life.storage.close()
    isArmed = false
    expect(await look(files, limits)).toMatchObject({ records: [batch(1), batch(2)] })
  })

  test('and gets room again: the storage recovers by itself', async () => {
    const files = forgetfulFiles(1)
    const time = stillTime()
    const life = await live(files, limits, time.environment)
    await time.pass(1)
    files.setFreeBytes(100)
    await life.append(batch(1))
    await life.append(batch(2))
    await time.pass(1)
    expect(life.storage.pressure).toBe('low')
    await time.pass(5_000)
    expect(life.storage.pressure).toBe('low')
    files.setFreeBytes(10_000)
    await time.pass(1_000)
    expect(life.storage.pressure).toBe('none')
    expect(pathsOf(imageOf(files), 'reserve')).toHaveLength(2)
    await life.append(batch(3))
    await life.storage.close()
  })

  test('has little room left: below the watermark the pressure is low before anything is refused', async () => {
    const files = forgetfulFiles(1, { freeBytes: 50_000 })
    const time = stillTime()
    const watched = { ...limits, freeBytesMin: 20_000 }
    const life = await live(files, watched, time.environment)
    await time.pass(1)
    expect(life.storage.pressure).toBe('none')
    files.setFreeBytes(15_000)
    await time.pass(1_000)
    await life.append(record(1))
    await time.pass(1)
    expect(life.storage.pressure).toBe('low')
    await life.storage.close()
    // Whoever opens it knows at once, whatever the look in the background takes.
    let looks = 0
    const slow = {
      ...files,
      freeBytes: (path: string) => ((looks += 1) === 1 ? files.freeBytes(path) : new Promise<never>(() => {})),
    }
    const first = await live(slow, watched, time.environment)
    expect(first.storage.pressure).toBe('low')
    files.powerCut()
    const again = await live(files, watched, time.environment)
    expect(again.storage.pressure).toBe('low')
    files.setFreeBytes(20_000)
    await time.pass(2_000)
    expect(again.storage.pressure).toBe('none')
    await again.storage.close()
  })

  test('W13: wherever the room ends, what was acknowledged is there when there is room again', async () => {
    for (let room = 0; room < 9_000; room += 333) {
      const files = forgetfulFiles(1, { freeBytes: room })
      let acknowledged = 0
      try {
        const life = await live(files, limits)
        for (let number = 1; number <= 12; number += 1) {
          await life.append(record(number, 300))
          acknowledged = number
        }
        await life.storage.close()
      } catch (error) {
        expect(error, `room for ${room} bytes`).toMatchObject({ code: 'STORAGE_FULL' })
      }
      files.powerCut()
      files.setFreeBytes(100_000)
      const found = await look(files, limits)
      const records = Array.from({ length: acknowledged }, (_, at) => record(at + 1, 300))
      expect(found, `room for ${room} bytes`).toMatchObject({ records })
    }
  })

  test('leaves room for others: zeros for the reserve do not take the last of it', async () => {
    const files = forgetfulFiles(1)
    const time = stillTime()
    const life = await live(files, { segmentBytes: 4_096, reserveSegments: 2 }, time.environment)
    await time.pass(1)
    await life.append(record(1, 3_000))
    files.setFreeBytes(6_000)
    await life.append(record(2, 3_000))
    for (let second = 1; second <= 10; second += 1) {
      await time.pass(1_000)
      expect(life.storage.pressure).toBe('low')
      await life.storage.saveIdentity(bytesOf(`who I am ${second}`.padEnd(2_000, '.')))
      expect(await files.freeBytes(directory)).toBeLessThan(2 * 4_096)
    }
    files.setFreeBytes(10_000)
    await time.pass(1_000)
    expect(life.storage.pressure).toBe('none')
    await life.storage.close()
  })

  test('refuses a quota as it refuses a full disk', async () => {
    const files = forgetfulFiles(1, { fail: (operation) => (operation === 'write' ? 'EDQUOT' : null) })
    expect(await refusalOf(live(files, limits))).toMatchObject({ code: 'STORAGE_FULL' })
  })
})

test('a reserve made for other limits is not used', async () => {
  const files = forgetfulFiles(1)
  const time = stillTime()
  const first = await live(files, limits, time.environment)
  await time.pass(1)
  await first.storage.close()
  const second = await live(files, { segmentBytes: 2_048, reserveSegments: 1 }, time.environment)
  await time.pass(1)
  const reserved = pathsOf(imageOf(files), 'reserve').map((path) => imageOf(files).get(path)?.length)
  expect(reserved).toEqual([2_048])
  await second.storage.close()
  expect(directory).toBe('/place')
})
