/**
 * `pnpm bench:journal [SLICES] [MIB]`: the journal beside a bare loop of write and fdatasync on the same disk. MIB: also a
 * journal of that size, opened, and how much memory that takes. `JOURNAL_DIRECTORY` says where (default: the temporary one).
 */
import { fdatasync, write } from 'node:fs'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sequence, type OpenStorage } from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file/node'
import { medianOf } from './median.js'

const recordBytes = 256
/** What a batch of one record of 256 bytes takes in the journal: so many bytes are written by the bare loop too. */
const batchBytes = 344

/** A bare loop's file has the size of a segment, and is filled in the same pieces: what is filled at once syncs slower. */
const fileBytes = 16 * 1024 * 1024
const pieceBytes = 256 * 1024

const sliceCalls = 50
const warmUpSlices = 40

/** A journal on a directory of its own, and where its next record goes. */
interface Journal {
  readonly storage: OpenStorage
  next: number
}

async function openJournal(directory: string): Promise<Journal> {
  const storage = await fileStorage({ directory }).open()
  await storage.replay(() => {})
  return { storage, next: 1 }
}

function append(journal: Journal, record: Uint8Array, count = 1): Promise<void> {
  const firstSequence = sequence(journal.next)
  journal.next += count
  return journal.storage.append({ firstSequence, records: Array.from({ length: count }, () => record), release: null })
}

/** Calls a second that one caller gets, who waits for each. */
async function rateOf(calls: number, call: (nth: number) => Promise<void>): Promise<number> {
  const begun = performance.now()
  for (let nth = 0; nth < calls; nth += 1) await call(nth)
  return (calls / (performance.now() - begun)) * 1_000
}

/** A caller who waits for each of his calls, and what ends him. */
interface Writer {
  readonly call: (nth: number) => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * What Node.js can do at all: bytes written and synced in a file of zeros, without anything that a journal adds. By the
 * methods of a file handle, as most would write it, or by descriptor and callback, which is quicker.
 */
async function bareWriter(directory: string, how: 'handle' | 'callback'): Promise<Writer> {
  await mkdir(directory)
  const file = await open(join(directory, 'bare'), 'wx+')
  const zeros = new Uint8Array(pieceBytes)
  for (let offset = 0; offset < fileBytes; offset += pieceBytes) await file.write(zeros, 0, pieceBytes, offset)
  await file.datasync()
  const bytes = new Uint8Array(batchBytes).fill(1)
  const byHandle = async (nth: number): Promise<void> => {
    await file.write(bytes, 0, bytes.length, nth * batchBytes)
    await file.datasync()
  }
  const byCallback = (nth: number): Promise<void> =>
    new Promise((resolve, reject) => {
      write(file.fd, bytes, 0, bytes.length, nth * batchBytes, (failed) => {
        if (failed) reject(failed)
        else fdatasync(file.fd, (error) => (error ? reject(error) : resolve()))
      })
    })
  return { call: how === 'handle' ? byHandle : byCallback, close: () => file.close() }
}

/**
 * One writer each, in turn and in slices of 50 calls, so that all see the same disk; after so many calls that the code is
 * compiled and the reserve of the journal is filled. Each slice begins with the next of them, so that nobody always
 * follows the same other. What is compared is what they reach within the same slice.
 */
async function besideBareLoop(slices: number): Promise<void> {
  const journal = await openJournal(place())
  const record = new Uint8Array(recordBytes).fill(1)
  const handle = await bareWriter(place(), 'handle')
  const callback = await bareWriter(place(), 'callback')
  const own: Writer = { call: () => append(journal, record), close: () => journal.storage.close() }
  const writers = [handle, callback, own].map((writer) => ({ writer, rates: [] as number[] }))
  for (let slice = 0; slice < slices + warmUpSlices; slice += 1) {
    const first = slice % writers.length
    for (const { writer, rates } of [...writers.slice(first), ...writers.slice(0, first)]) {
      const rate = await rateOf(sliceCalls, (nth) => writer.call(slice * sliceCalls + nth))
      if (slice >= warmUpSlices) rates.push(rate)
    }
  }
  for (const { writer } of writers) await writer.close()
  const [ofHandle = [], ofCallback = [], ofJournal = []] = writers.map(({ rates }) => rates)
  const rateIn = (rates: readonly number[]): string => `${medianOf(rates).toFixed(0)} a second`
  const beside = (bare: readonly number[]): string =>
    medianOf(ofJournal.map((rate, slice) => rate / (bare[slice] ?? NaN))).toFixed(2)
  console.log(`bare loop of a file handle, ${batchBytes} B written and synced: ${rateIn(ofHandle)}`)
  console.log(`bare loop of descriptor and callback: ${rateIn(ofCallback)}`)
  console.log(`journal, batches of one record of 256 B: ${rateIn(ofJournal)}`)
  console.log(
    `ratio: ${beside(ofHandle)} and ${beside(ofCallback)} of the bare loops (medians of ${slices} slices, in turn)`,
  )
}

/** Entries a second with so many callers at once, each of whom waits for his own. */
async function concurrently(directory: string, callers: number, entries: number): Promise<number> {
  const journal = await openJournal(directory)
  const record = new Uint8Array(recordBytes).fill(1)
  let left = entries
  const begun = performance.now()
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await append(journal, record)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  const rate = (entries / (performance.now() - begun)) * 1_000
  await journal.storage.close()
  return rate
}

/** Megabytes a second in records of 64 KiB, 16 at once. */
async function throughput(directory: string, records: number): Promise<number> {
  const journal = await openJournal(directory)
  const record = new Uint8Array(64 * 1024).fill(1)
  const begun = performance.now()
  const caller = async (): Promise<void> => {
    while (journal.next <= records) await append(journal, record)
  }
  await Promise.all(Array.from({ length: 16 }, caller))
  const rate = (records * record.length) / 1_000 / (performance.now() - begun)
  await journal.storage.close()
  return rate
}

/** How long it takes to open a journal of so many records and to replay it, and what that takes in memory. */
async function opening(
  directory: string,
  records: number,
  bytes: number,
): Promise<{ openMs: number; replayMs: number; residentMiB: number }> {
  const journal = await openJournal(directory)
  const record = new Uint8Array(bytes).fill(1)
  const perBatch = Math.max(1, Math.min(1_000, Math.floor((4 * 1024 * 1024) / bytes)))
  while (journal.next <= records) await append(journal, record, Math.min(perBatch, records - journal.next + 1))
  await journal.storage.close()
  const memory = (): number => process.memoryUsage.rss() / 2 ** 20
  let most = memory()
  const begun = performance.now()
  const storage = await fileStorage({ directory }).open()
  const opened = performance.now()
  let seen = 0
  await storage.replay(() => {
    seen += 1
    if (seen % 1_024 === 0) most = Math.max(most, memory())
  })
  const replayed = performance.now()
  await storage.close()
  if (seen !== records) throw new Error(`${seen} of ${records} records came back`)
  return { openMs: opened - begun, replayMs: replayed - opened, residentMiB: most }
}

const [slices = 60, large = 0] = process.argv.slice(2).map(Number)
const root = await mkdtemp(join(process.env['JOURNAL_DIRECTORY'] ?? tmpdir(), 'quorate-journal-'))
let places = 0
const place = (): string => join(root, `${(places += 1)}`)
try {
  await besideBareLoop(slices)
  for (const [callers, entries] of [
    [1, 500],
    [16, 4_000],
    [256, 20_000],
    [4_096, 100_000],
  ] as const) {
    const rate = await concurrently(place(), callers, entries)
    console.log(`${callers} at once: ${rate.toFixed(0)} entries a second`)
  }
  console.log(`records of 64 KiB: ${(await throughput(place(), 2_000)).toFixed(0)} MB/s`)
  const million = await opening(place(), 1_000_000, 100)
  console.log(
    `1,000,000 records of 100 B: open ${million.openMs.toFixed(0)} ms, replay ${million.replayMs.toFixed(0)} ms`,
  )
  if (large > 0) {
    const { openMs, replayMs, residentMiB } = await opening(place(), large * 16, 64 * 1024)
    const times = `open ${openMs.toFixed(0)} ms, replay ${replayMs.toFixed(0)} ms`
    console.log(`${large} MiB in records of 64 KiB: ${times}, ${residentMiB.toFixed(0)} MiB resident at most`)
  }
} finally {
  await rm(root, { recursive: true })
}
