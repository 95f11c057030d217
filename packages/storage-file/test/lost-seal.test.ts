import { forgetfulFiles } from '@quorate/conformance'
import { QuorateError } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { bytesOf, diskOf, imageOf, live, look, newestSegment, pathsOf, record, withFile } from './places.js'

/** Ends by a power cut, and by nothing else. */
async function untilCut(doing: () => Promise<void>): Promise<void> {
  try {
    await doing()
  } catch (error) {
    if (!(error instanceof QuorateError) || error.code !== 'STORAGE_FAILED') throw error
  }
}

/** What is on the disk after a life that ended before operation `cutAt`, by a power cut or a kill, and one that was closed. */
async function twoLives(
  cutAt: number,
  how: 'powerCut' | 'kill',
): Promise<{ files: ReturnType<typeof forgetfulFiles>; wasCut: boolean }> {
  let [calls, wasCut, isOver] = [0, false, false]
  const files = forgetfulFiles(1, {
    fail: () => {
      calls += 1
      if (calls === cutAt && !isOver) {
        wasCut = true
        files[how]()
      }
      return null
    },
  })
  const first = files.mount()
  await untilCut(async () => {
    const begun = await live(first)
    await begun.storage.saveIdentity(bytesOf('who I am'))
    for (let number = 1; number <= 4; number += 1) await begun.append(record(number, 300))
    await begun.storage.close()
    const reopened = await live(first)
    for (let number = 5; number <= 8; number += 1) await reopened.append(record(number, 300))
    await reopened.storage.close()
  })
  isOver = true
  const second = await live(files)
  await second.storage.saveIdentity(bytesOf('who I am'))
  await second.append('acknowledged')
  await second.append('and one more')
  await second.storage.close()
  return { files, wasCut }
}

describe('W20, W23: wherever a life ended, the loss of the newest segment is noticed afterwards', () => {
  test.each(['powerCut', 'kill'] as const)(
    'a seal that a crash prevented is made by the next open (%s)',
    async (how) => {
      let cuts = 0
      for (let cutAt = 1; ; cutAt += 1) {
        const { files, wasCut } = await twoLives(cutAt, how)
        if (!wasCut) break
        cuts += 1
        const image = imageOf(files)
        const what = `${how} before operation ${cutAt}`
        expect(await look(await diskOf(image)), what).toMatchObject({ report: { cut: null } })
        const found = await look(await diskOf(withFile(image, newestSegment(image).path, null)))
        expect(found, what).toMatchObject({ code: 'STORAGE_CORRUPT' })
        // Also without the identity's help, which is silent if nothing was acknowledged since it was written.
        expect((found as QuorateError).message, what).not.toContain('as there was when this was written')
      }
      expect(cuts).toBeGreaterThan(80)
    },
  )

  test('a seal before its time is not made: the segment that it speaks of may still be taken by a power cut', async () => {
    // The process dies when the new segment has its name, which no sync covers; the machine dies during the next open.
    for (let second = 1; second <= 60; second += 1) {
      let [calls, cutAt, renamed] = [0, Infinity, 0]
      const files = forgetfulFiles(1, {
        fail: (operation, path) => {
          calls += 1
          if (calls === cutAt) files.powerCut()
          if (cutAt < Infinity || !/(rename|syncDirectory)/.test(operation)) return null
          if (operation === 'rename' && path.includes('reserve') && !path.endsWith('.tmp')) renamed += 1
          if (operation === 'syncDirectory' && renamed === 2) files.kill()
          return null
        },
      })
      const begun = await live(files.mount())
      await begun.append(record(1, 300))
      await expect(begun.append(record(2, 300))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      cutAt = calls + second
      await untilCut(async () => (await live(files.mount())).storage.close())
      if (calls < cutAt) files.powerCut()
      cutAt = 0
      expect(await look(files), `cut at ${second}`).toMatchObject({ records: [record(1, 300)] })
    }
  })
})

test('W22: an identity is missed also when no batch came after it', async () => {
  const files = forgetfulFiles(1)
  const first = await live(files)
  await first.storage.saveIdentity(bytesOf('who I am'))
  await first.storage.close()
  const second = await live(files)
  await second.append('one')
  await second.storage.close()
  const image = withFile(imageOf(files), '/place/identity', null)
  expect(await look(await diskOf(image))).toMatchObject({ code: 'STORAGE_CORRUPT' })
})

test('W17, W22: an identity whose name no sync covers is not relied on', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    let [isSaving, isReopened, last] = [false, false, '']
    const files = forgetfulFiles(seed, {
      keeps: 'some',
      fail: (operation, path) => {
        // The process dies between the rename and its sync. The machine dies where the next open does the same.
        if (isSaving && operation === 'syncDirectory') files.kill()
        if (isReopened && operation === 'syncDirectory' && /^rename .*reserve-\d+$/.test(last)) files.powerCut()
        last = `${operation} ${path}`
        return null
      },
    })
    const first = await live(files.mount())
    await first.append('one')
    isSaving = true
    await expect(first.storage.saveIdentity(bytesOf('who I am'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    ;[isSaving, isReopened] = [false, true]
    await expect(live(files.mount())).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    isReopened = false
    expect(await look(files), `seed ${seed}`).toMatchObject({ records: ['one'] })
  }
})

test('a damaged segment before the last one is refused before anything is changed, however often', async () => {
  const files = forgetfulFiles(1)
  const life = await live(files)
  for (let number = 1; number <= 5; number += 1) await life.append(record(number, 300))
  await life.storage.close()
  const again = await live(files)
  await again.storage.close()
  const [path = ''] = pathsOf(imageOf(files), 'journal').slice(-2)
  files.tamper(path, (bytes) => bytes.with(200, bytes[200]! ^ 1))
  const image = imageOf(files)
  for (let round = 0; round < 3; round += 1) {
    expect(await look(files)).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect([...imageOf(files).keys()]).toEqual([...image.keys()])
  }
})
