/**
 * Files, as a storage sees them. `nodeFiles()` in `@quorate/storage-file/node` is the real one; `forgetfulFiles()` in
 * `@quorate/conformance` forgets at a power cut what was not synced.
 *
 * Errors carry Node's `code` (`ENOENT`, `ENOSPC`, `EIO`, …) whatever the layer.
 */
export interface FileLayer {
  /** `create` fails with `EEXIST` if the file is there; `read` and `readWrite` fail with `ENOENT` if it is not. */
  open(path: string, mode: 'read' | 'create' | 'readWrite'): Promise<OpenFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Names in a directory, sorted by code unit. */
  list(directory: string): Promise<string[]>
  /** Makes the directory and its parents, and makes each new name durable. Nothing happens if it is there. */
  makeDirectory(path: string): Promise<void>
  /** Makes created, renamed and deleted names of this directory durable. */
  syncDirectory(path: string): Promise<void>
  /** Free bytes on the file system that holds `path`. */
  freeBytes(path: string): Promise<number>
  /**
   * Tells a file from its copies: the same id after a rename, a restart and a reboot, and another one for a copy. Null
   * where the file system cannot tell; absent where the layer never can.
   */
  fileId?(path: string): Promise<FileId | null>
  /** Takes the directory for this process, or fails with `STORAGE_LOCKED` (decision D25). Returns what gives it back. */
  lock(path: string): Promise<() => Promise<void>>
}

/** Which file of a file system this is. Texts are ASCII. */
export interface FileId {
  /** The inode number, or what stands for it. It is given to another file once this one is deleted. */
  readonly number: string
  /** When the file was created, in nanoseconds; null where that is not kept. */
  readonly bornNs: string | null
  /** When its bytes, names or rights changed last. A system that keeps no time of creation may show this one for it. */
  readonly changedNs: string | null
}

/** An open file. Offsets and lengths are in bytes. */
export interface OpenFile {
  /** Shorter than asked only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** All of it or an error; after an error nothing is known about what was written. */
  write(offset: number, chunks: readonly Uint8Array[]): Promise<void>
  /** Durable on return, size included. After an error nothing is known, and trying again proves nothing. */
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}
