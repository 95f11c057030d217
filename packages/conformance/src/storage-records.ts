import { equalBytes, position, sequence } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import { isRefused, metaOf, patterned, releaseAt, type StorageCase, type StorageClaim } from './storage-place.js'

/** Records: what was appended replays. */
export const recordCases: readonly StorageClaim[] = [
  {
    claim: 'records replay in their order, with their sequences and every byte, the empty one included',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.append([patterned(1, 1), new Uint8Array(), patterned(2, 255), patterned(3, 4_096), new Uint8Array()])
      await place.append([patterned(4, 4_095)])
      await place.append([new Uint8Array(3), patterned(5, 70_000), patterned(6, 511), patterned(7, 512)])
      await place.restart()
      place.expectReplayFrom(1)
    },
  },
  {
    claim: 'records of several MiB replay with every byte',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.append([patterned(1, 5 * 1024 * 1024 + 1)])
      await place.append([patterned(2, 10), patterned(3, 3 * 1024 * 1024), patterned(4, 3 * 1024 * 1024 - 1)])
      await place.restart()
      place.expectReplayFrom(1)
    },
  },
  {
    claim: 'many small records over many reopenings replay without a gap or a repetition',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      for (let life = 1; life <= 12; life += 1) {
        for (let batch = 0; batch < life % 5; batch += 1) {
          await place.append(Array.from({ length: 1 + life * 11 }, (_, at) => patterned(place.next + at, at % 23)))
        }
        await place.restart()
        place.expectReplayFrom(1)
      }
    },
  },
  {
    claim: 'the report of a replay counts what was handed out, and an orderly close leaves nothing to cut',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.append([patterned(1, 10), patterned(2, 0), patterned(3, 300)])
      await place.restart()
      const { records, bytes, cut } = place.report
      expectClaim(records === 3, `3 records were handed out and ${records} reported`)
      expectClaim(bytes === 310, `310 bytes were handed out and ${bytes} reported`)
      expectClaim(cut === null, 'a tail was cut after an orderly close')
    },
  },
  {
    claim: 'overlapping appends end in the order in which they were called',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      const ended: number[] = []
      const appends: Promise<void>[] = []
      for (let batch = 0; batch < 40; batch += 1) {
        const records = Array.from({ length: batch % 4 }, (_, at) => patterned(batch + at, (batch * 977) % 20_000))
        appends.push(place.append(records).then(() => void ended.push(batch)))
      }
      await Promise.all(appends)
      ended.forEach((batch, at) => expectClaim(batch === at, `append ${batch} ended where append ${at} was due`))
      await place.restart()
      place.expectReplayFrom(1)
    },
  },
  {
    claim: 'a batch whose first sequence is not the next one is refused, and harms nothing',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.append([patterned(1, 100), patterned(2, 100)])
      for (const life of [1, 2]) {
        for (const wrong of [place.next + 1, place.next - 1, 1]) {
          const batch = { firstSequence: sequence(wrong), records: [patterned(9, 100)], release: null }
          const refused = await isRefused(() => place.open.append(batch))
          expectClaim(refused, `a batch that begins with ${wrong} was taken where ${place.next} was due`)
        }
        await place.append([patterned(3 + life, 100)])
        await place.restart()
        place.expectReplayFrom(1)
      }
    },
  },
  {
    claim: 'a batch without records takes no sequence, and its release holds',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      await place.append([])
      await place.append([patterned(1, 10), patterned(2, 20), patterned(3, 30)])
      await place.append([])
      await place.restart()
      place.expectReplayFrom(1)
      await place.saveImage(7, patterned(7, 70))
      await place.append([], releaseAt(3, 7))
      await place.append([patterned(4, 40)])
      await place.restart()
      place.expectReplayFrom(3)
    },
  },
  {
    claim: 'what is stored changes neither with the arrays that were handed over nor with those that were handed out',
    run: async ({ place }: StorageCase): Promise<void> => {
      await place.start()
      const [identity, record, chunk] = [patterned(1, 100), patterned(2, 100), patterned(3, 100)]
      await place.open.saveIdentity(identity)
      await place.append([record])
      const sink = await place.open.createSnapshot(metaOf(1))
      await sink.write(chunk)
      for (const given of [identity, record, chunk]) given.fill(0xff)
      await sink.commit()
      const source = await place.open.openSnapshot(position(1))
      ;(await source?.read(0, 100))?.fill(0xff)
      await source?.close()
      await place.expectImage(1, patterned(3, 100), 'after its chunks were written to')
      for (let life = 1; life <= 2; life += 1) {
        await place.restart()
        place.expectReplayFrom(1)
        for (const { bytes } of place.replayed) bytes.fill(0xff)
      }
      const saved = place.open.identity
      expectClaim(
        saved !== null && equalBytes(saved, patterned(1, 100)),
        'the identity changed with the array it came in',
      )
    },
  },
  {
    claim: 'a batch that is being appended at close is there afterwards or refused, and never there in part',
    run: async ({ place, another }: StorageCase): Promise<void> => {
      for (const [target, waits] of [
        [place, 0],
        [await another(), 1],
        [await another(), 5],
      ] as const) {
        await target.start()
        await target.append([patterned(1, 100)])
        const first = sequence(target.next)
        const records = [patterned(2, 50_000), patterned(3, 10), patterned(4, 50_000)]
        const appending = isRefused(() => target.open.append({ firstSequence: first, records, release: null }))
        for (let turn = 0; turn < waits; turn += 1) await Promise.resolve()
        await target.stop()
        const refused = await appending
        await target.start()
        const count = target.replayed.length
        expectClaim(count === 4 || (refused && count === 1), `of 4 records ${count} are there, the last 3 of one batch`)
        const [, ...rest] = target.replayed
        rest.forEach(({ bytes }, at) => expectClaim(equalBytes(bytes, records[at] ?? bytes), 'a record was altered'))
      }
    },
  },
]
