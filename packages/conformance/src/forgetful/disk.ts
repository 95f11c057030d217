import type { Environment, Random } from '@quorate/contracts'
import { nothingRemains, someRemains, type Fate } from './fate.js'
import type { FileNode } from './file-node.js'
import { Tree } from './tree.js'

/** What may be done to files, by the names of the file layer. */
export type FileOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'datasync'
  | 'truncate'
  | 'size'
  | 'close'
  | 'rename'
  | 'unlink'
  | 'list'
  | 'makeDirectory'
  | 'syncDirectory'
  | 'freeBytes'
  | 'fileId'
  | 'lock'

/** How a forgetful file layer behaves. */
export interface ForgetfulOptions {
  /** Where `syncMs` passes. */
  readonly environment?: Environment
  /**
   * How long `datasync`, `syncDirectory` and `makeDirectory` take, in milliseconds; a function is asked at each. Default:
   * no time passes.
   */
  readonly syncMs?: number | { readonly min: number; readonly max: number } | (() => number)
  /**
   * What a power cut leaves of changes that were not synced: nothing, or, by the seed, anything that a disk and its file
   * system may legally leave. Default `nothing`.
   */
  readonly keeps?: 'nothing' | 'some'
  /**
   * Asked before each operation; a code (`EIO`, `ENOSPC`, …) makes it fail. `path` is as the caller wrote it (of a
   * rename, where from), `nth` counts the calls of that operation from 1. It may cut the power itself.
   */
  readonly fail?: (operation: FileOperation, path: string, nth: number) => string | null
  /** Room for what is written, in bytes. Default 2^40. */
  readonly freeBytes?: number
  /** Files have ids, so that whoever asks can tell a copy. Default false: a disk may be filled with the files of another. */
  readonly fileIds?: boolean
}

/** What stays when the power is cut: names and bytes, and the fate that awaits them. */
export class Disk {
  readonly tree = new Tree()
  readonly fate: Fate
  readonly #random: Random
  readonly #options: ForgetfulOptions
  readonly #calls = new Map<FileOperation, number>()
  readonly #ids = new WeakMap<FileNode, number>()
  #lastId = 0
  #capacityBytes: number

  constructor(random: Random, options: ForgetfulOptions) {
    if (options.syncMs !== undefined && !options.environment) {
      throw new TypeError('forgetfulFiles needs an environment in which syncMs passes')
    }
    this.#options = options
    this.#random = random
    this.fate = options.keeps === 'some' ? someRemains(random.fork()) : nothingRemains
    this.#capacityBytes = options.freeBytes ?? 2 ** 40
  }

  get freeBytes(): number {
    return Math.max(0, this.#capacityBytes - this.#usedBytes)
  }

  set freeBytes(bytes: number) {
    this.#capacityBytes = this.#usedBytes + bytes
  }

  /** Each file has its own, for as long as it is there; null if this disk gives none. */
  idOf(file: FileNode): number | null {
    if (this.#options.fileIds !== true) return null
    const known = this.#ids.get(file)
    if (known !== undefined) return known
    this.#lastId += 1
    this.#ids.set(file, this.#lastId)
    return this.#lastId
  }

  /** A file that was put back is the one that it was. */
  setId(file: FileNode, id: number): void {
    this.#ids.set(file, id)
  }

  /** Counts a call, and says with which code it has to fail. */
  failureOf(operation: FileOperation, path: string): string | null {
    const nth = (this.#calls.get(operation) ?? 0) + 1
    this.#calls.set(operation, nth)
    return this.#options.fail?.(operation, path, nth) ?? null
  }

  /** Writes what there is room for. Returns whether that was all. */
  write(file: FileNode, offset: number, bytes: Uint8Array): boolean {
    const own = file.allocatedBytes - offset
    const fits = bytes.length <= own ? bytes.length : Math.max(0, Math.min(bytes.length, own + this.freeBytes))
    if (fits > 0) file.change({ kind: 'write', offset, bytes: bytes.subarray(0, fits) })
    return fits === bytes.length
  }

  /** A failed write leaves nobody knows how much. */
  writeSome(file: FileNode, offset: number, bytes: Uint8Array): void {
    this.write(file, offset, bytes.subarray(0, this.#random.nextInt(bytes.length + 1)))
  }

  /** Passes the time that one sync takes. Returns what cancels it. */
  afterSync(run: () => void): (() => void) | null {
    const { environment, syncMs } = this.#options
    if (!environment || syncMs === undefined) return null
    if (typeof syncMs === 'function') return environment.setTimer(syncMs(), run)
    const { min, max } = typeof syncMs === 'number' ? { min: syncMs, max: syncMs } : syncMs
    return environment.setTimer(min + this.#random.nextInt(max - min + 1), run)
  }

  get #usedBytes(): number {
    const files = new Set(this.tree.files('visible').map(([, file]) => file))
    let bytes = 0
    for (const file of files) bytes += file.allocatedBytes
    return bytes
  }
}
