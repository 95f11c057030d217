import type { FileLayer, OpenFile } from '@quorate/contracts'
import type { Process } from './process.js'

/** Files as a process sees them: what a disk answers reaches it only while it runs. */
export function filesOf(process: Process, files: FileLayer): FileLayer {
  return {
    open: async (path, mode) => openFileOf(process, await process.await(files.open(path, mode))),
    rename: (from, to) => process.await(files.rename(from, to)),
    unlink: (path) => process.await(files.unlink(path)),
    list: (directory) => process.await(files.list(directory)),
    makeDirectory: (path) => process.await(files.makeDirectory(path)),
    syncDirectory: (path) => process.await(files.syncDirectory(path)),
    freeBytes: (path) => process.await(files.freeBytes(path)),
    fileId: (path) => process.await(files.fileId?.(path) ?? Promise.resolve(null)),
    lock: async (path) => {
      const unlock = await process.await(files.lock(path))
      return () => process.await(unlock())
    },
  }
}

function openFileOf(process: Process, file: OpenFile): OpenFile {
  return {
    read: (offset, length) => process.await(file.read(offset, length)),
    write: (offset, chunks) => process.await(file.write(offset, chunks)),
    datasync: () => process.await(file.datasync()),
    truncate: (length) => process.await(file.truncate(length)),
    size: () => process.await(file.size()),
    close: () => process.await(file.close()),
  }
}
