import { constants, fdatasync, write, writev } from 'node:fs'
import { open, readdir, rename, stat, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { FileLayer, OpenFile } from '@quorate/contracts'
import { lockDirectory } from './lock.js'
import { makeDirectory } from './make-directory.js'
import { openPrivately } from './private-file.js'
import { warnOfOthers } from './warn-of-others.js'

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants
const flagsOf = { read: O_RDONLY, create: O_RDWR | O_CREAT | O_EXCL, readWrite: O_RDWR } as const

/**
 * The file system of this machine. What it makes is its owner's alone: files 0600, directories 0700. Links within a
 * directory are not followed, and what is no file is not opened.
 */
export function nodeFiles(): FileLayer {
  return {
    async open(path, mode) {
      return openFileOf(await openPrivately(path, flagsOf[mode]))
    },
    rename,
    unlink,
    async list(directory) {
      const names = await readdir(directory)
      return names.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
    },
    async makeDirectory(path) {
      await makeDirectory(resolve(path), syncDirectory)
      await warnOfOthers(path)
    },
    syncDirectory,
    async freeBytes(path) {
      const { bavail, bsize } = await statfs(path)
      return bavail * bsize
    },
    async fileId(path) {
      const { ino, birthtimeNs, ctimeNs } = await stat(path, { bigint: true })
      return { number: `${ino}`, bornNs: birthtimeNs > 0n ? `${birthtimeNs}` : null, changedNs: `${ctimeNs}` }
    },
    lock: lockDirectory,
  }
}

/** Windows cannot sync a directory: its file systems log such changes by themselves. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** A descriptor's number is given to the next file as soon as this one is closed: nothing may be under way by then. */
function openFileOf(handle: FileHandle): OpenFile {
  const underWay = new Set<Promise<void>>()
  const known = (work: Promise<void>): Promise<void> => {
    underWay.add(work)
    const over = (): void => void underWay.delete(work)
    work.then(over, over)
    return work
  }
  return {
    read: (offset, length) => readAll(handle, offset, length),
    write: (offset, chunks) => known(writeAll(handle.fd, offset, chunks)),
    datasync: () => known(datasync(handle.fd)),
    truncate: (length) => handle.truncate(length),
    size: async () => (await handle.stat()).size,
    close: async () => {
      await Promise.allSettled(underWay)
      await handle.close()
    },
  }
}

/** A read may return less than asked, at any place: only nothing is the end of the file. */
async function readAll(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, offset + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return bytes.subarray(0, read)
}

/**
 * What every batch of a journal waits for goes by descriptor and callback: the methods of a handle, which promise, take a
 * fifth longer for a small write and its sync.
 */
function datasync(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error ? reject(error) : resolve()))
  })
}

/** Returns how many bytes were written. */
function writeSome(descriptor: number, offset: number, chunks: readonly Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const over = (error: Error | null, bytes: number): void => (error ? reject(error) : resolve(bytes))
    const [first] = chunks
    // One buffer at a time is cheaper, and one is what most batches are.
    if (first && chunks.length === 1) write(descriptor, first, 0, first.length, offset, over)
    else writev(descriptor, chunks, offset, over)
  })
}

/** A write may take less than given: then the rest is written, or the error is told. */
async function writeAll(descriptor: number, offset: number, chunks: readonly Uint8Array[]): Promise<void> {
  let waiting = chunks.filter((chunk) => chunk.length > 0)
  let at = offset
  while (waiting.length > 0) {
    const bytesWritten = await writeSome(descriptor, at, waiting)
    if (bytesWritten === 0) throw Object.assign(new Error('EIO: nothing was written'), { code: 'EIO' })
    at += bytesWritten
    waiting = withoutFirst(waiting, bytesWritten)
  }
}

function withoutFirst(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  let count = 0
  for (const chunk of chunks) {
    if (chunk.length > left) break
    left -= chunk.length
    count += 1
  }
  const [first, ...rest] = chunks.slice(count)
  return first ? [first.subarray(left), ...rest] : []
}
