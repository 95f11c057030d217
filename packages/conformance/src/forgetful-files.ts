import { seededRandom, type FileLayer } from '@quorate/contracts'
import { Disk, type ForgetfulOptions } from './forgetful/disk.js'
import { FileNode } from './forgetful/file-node.js'
import { Life } from './forgetful/life.js'
import type { View } from './forgetful/tree.js'

export type { FileOperation, ForgetfulOptions } from './forgetful/disk.js'

/** What was on a disk at one moment. */
export interface DiskImage {
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array; readonly id: number | null }[]
}

/** Files that forget at a power cut what nobody has synced, and what a test may look up and damage in them. */
export interface ForgetfulFiles extends FileLayer {
  /**
   * Cuts the power. Every change that was not durable is gone (or left to the seed: `keeps`), every file and lock of the
   * life before is dead: calls on them, those under way included, fail with `EIO`. The layer can be used again at once.
   */
  powerCut(): void
  /**
   * Ends the process and not the machine, as SIGKILL does: locks are free and every file is dead, but what was written is
   * still there to be read, synced or not.
   */
  kill(): void
  /**
   * The same files for one life only: after the next power cut or kill every call fails. For code that may go on
   * cleaning up after its own death, as no real process does.
   */
  mount(): FileLayer
  /** Files by their absolute paths, sorted: as everybody sees them, or as they are on the disk. */
  files(view: 'visible' | 'durable'): ReadonlyMap<string, Uint8Array>
  /** Bytes of one file; null if there is none. */
  bytesOf(path: string, view?: 'visible' | 'durable'): Uint8Array | null
  /**
   * Decay, or the hand of an operator, while nobody writes there: what `change` makes of a file's durable bytes (none, if
   * it is not there) is on the disk and is what everybody reads. Null deletes it. Its directory has to be durable.
   */
  tamper(path: string, change: (bytes: Uint8Array) => Uint8Array | null): void
  /** Flips one bit of a file: bit 0 is the lowest of the first byte, bit 8 that of the second. */
  flipBit(path: string, bit: number): void
  /** Everything that is on the disk now, as a copy of it would be taken, also while somebody writes. */
  image(): DiskImage
  /**
   * Puts an earlier image in the place of everything that is there, while nobody runs. Its files have the ids that they had,
   * as after a rollback of the whole disk, or new ones, as files that were copied back.
   */
  putBack(image: DiskImage, ids: 'kept' | 'new'): void
  /** From now on there is room for so many bytes more. */
  setFreeBytes(bytes: number): void
}

/**
 * A file layer in memory that forgets at a power cut every byte that was not `datasync`ed and every name whose directory
 * was not synced; the same seed and calls give the same files.
 *
 * SIGKILL proves nothing about syncs, because the page cache survives it: this is where durability is proved. It is as
 * harsh as a disk may be. A `datasync` makes bytes and size durable but no name. A sync covers what was done before it
 * was called, and one that failed covers nothing of it ever after. A failed write may have left its beginning. Only
 * files are renamed. Space is taken by writing, not by lengthening.
 */
export function forgetfulFiles(seed: number | string, options: ForgetfulOptions = {}): ForgetfulFiles {
  const disk = new Disk(seededRandom(seed), options)
  let life = new Life(disk)
  const files: ForgetfulFiles = {
    open: (path, mode) => life.open(path, mode),
    rename: (from, to) => life.rename(from, to),
    unlink: (path) => life.unlink(path),
    list: (directory) => life.list(directory),
    makeDirectory: (path) => life.makeDirectory(path),
    syncDirectory: (path) => life.syncDirectory(path),
    freeBytes: (path) => life.freeBytes(path),
    fileId: (path) => life.fileId(path),
    lock: (path) => life.lock(path),
    powerCut() {
      life.end('the power was cut')
      disk.tree.loseUnsynced(disk.fate)
      life = new Life(disk)
    },
    kill() {
      life.end('the process was killed')
      life = new Life(disk)
    },
    mount: () => life,
    files: (view) => new Map(disk.tree.files(view).map(([path, file]) => [path, file.bytes(view)])),
    bytesOf: (path, view = 'durable') => fileAt(disk, path, view)?.bytes(view) ?? null,
    tamper(path, change) {
      const place = disk.tree.placeOf(path, 'tamper', 'durable')
      const known = fileAt(disk, path, 'durable')
      const bytes = change(known?.bytes('durable') ?? new Uint8Array())
      const node = bytes === null ? null : (known ?? new FileNode())
      if (bytes !== null) node?.replace(bytes)
      disk.tree.replace({ ...place, node })
    },
    flipBit: (path, bit) =>
      files.tamper(path, (bytes) => {
        const at = Math.floor(bit / 8)
        if (at >= bytes.length) throw new TypeError(`${path} has ${bytes.length} bytes and no bit ${bit}`)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8))
        return bytes
      }),
    image: () => ({
      files: disk.tree.files('durable').map(([path, file]) => ({
        path,
        bytes: Uint8Array.from(file.bytes('durable')),
        id: disk.idOf(file),
      })),
    }),
    putBack(image, ids) {
      for (const [path] of disk.tree.files('durable')) files.tamper(path, () => null)
      for (const { path, bytes, id } of image.files) {
        files.tamper(path, () => Uint8Array.from(bytes))
        const file = fileAt(disk, path, 'durable')
        if (file && ids === 'kept' && id !== null) disk.setId(file, id)
      }
    },
    setFreeBytes(bytes) {
      disk.freeBytes = bytes
    },
  }
  return files
}

function fileAt(disk: Disk, path: string, view: View): FileNode | null {
  const node = disk.tree.find(path, view)
  return node instanceof FileNode ? node : null
}
