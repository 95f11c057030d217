import { constants, type Stats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/** Only its owner may read and write it. */
export const privateFileMode = 0o600
/** Only its owner may see what is in it. */
export const privateDirectoryMode = 0o700

/** Longer is no file of a few words. */
const shortFileBytesMax = 4_096

/**
 * Opens a file of a data directory; one that is made is its owner's alone. A link is not followed (`ELOOP`), and what is no
 * file is refused (`ENOTFILE`, `EISDIR`) without waiting for whoever may be at the other end of a pipe.
 */
export async function openPrivately(path: string, flags: number): Promise<FileHandle> {
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>
  const handle = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, privateFileMode)
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw noFile(path, found)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

function noFile(path: string, found: Stats): Error {
  const kinds = [
    ['a directory', found.isDirectory()],
    ['a pipe', found.isFIFO()],
    ['a socket', found.isSocket()],
    ['a device', found.isCharacterDevice() || found.isBlockDevice()],
  ] as const
  const kind = kinds.find(([, is]) => is)?.[0] ?? 'something else'
  const code = found.isDirectory() ? 'EISDIR' : 'ENOTFILE'
  return Object.assign(new Error(`${code}: ${path} is ${kind}, and no file`), { code })
}

/** Writes a short text into a file that is its owner's alone. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const handle = await openPrivately(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC)
  await handle.writeFile(text).finally(() => handle.close())
}

/** The first 4 KiB of a file, as text. */
export async function readShortFile(path: string): Promise<string> {
  const handle = await openPrivately(path, constants.O_RDONLY)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(shortFileBytesMax), 0, shortFileBytesMax, 0)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await handle.close()
  }
}
