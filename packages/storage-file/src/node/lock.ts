import { constants, readFileSync } from 'node:fs'
import { lstat, open, stat, unlink, type FileHandle } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { QuorateError } from '@quorate/contracts'
import { z } from 'zod'
import { flock } from './flock.js'
import { openPrivately, privateFileMode, readShortFile, writePrivately } from './private-file.js'

/** Who has a directory: the content of its LOCK file. */
const holderSchema = z.object({
  bootId: z.string().nullable(),
  pid: z.int(),
  startedAt: z.string(),
  host: z.string(),
})
type Holder = z.output<typeof holderSchema>

/**
 * Takes a directory for this process (decision D25). Returns what gives it back.
 *
 * On Linux the lock is `flock`, which the kernel gives up whichever way the process ends, so nothing stale can be left. It
 * holds for all processes of the machine, also in containers. Where the program `flock` is not installed, an abstract
 * socket stands for it, which is seen within one network namespace, and which any local user may bind first. Elsewhere the
 * LOCK file itself is the lock.
 */
export async function lockDirectory(path: string): Promise<() => Promise<void>> {
  const file = `${path}/LOCK`
  if (process.platform !== 'linux') return lockByFile(file)
  return (await lockByFlock(path, file)) ?? lockBySocket(path, file)
}

/**
 * Whoever may open a file may lock it. So the directory is locked itself if only its owner may open it, and otherwise the
 * LOCK file, which always is its owner's alone. Null if there is no program `flock`.
 */
async function lockByFlock(directory: string, file: string): Promise<(() => Promise<void>) | null> {
  const isPrivate = ((await stat(directory)).mode & 0o044) === 0
  const handle = isPrivate ? await open(directory, constants.O_RDONLY) : await openLockFile(directory, file)
  const outcome = await flock(handle.fd).catch(async (error: unknown) => {
    await handle.close()
    throw error
  })
  if (outcome !== 'taken') await handle.close()
  if (outcome === 'absent') return null
  if (outcome === 'held') throw lockedBy(file, await readHolder(file))
  // Who had it before has deleted the file, and another one may have been made: then that one is the lock.
  if (!isPrivate && !(await isStillAt(file, handle))) {
    await handle.close()
    return lockByFlock(directory, file)
  }
  // The file only says whose the lock is: a full disk must not keep a member from its reserve.
  await writePrivately(file, describeSelf()).catch(() => undefined)
  return async () => {
    await unlink(file).catch(() => undefined)
    await handle.close()
  }
}

/** Nothing is written where the file system is read-only, so whoever only reads there may take the directory. */
async function openLockFile(directory: string, file: string): Promise<FileHandle> {
  try {
    const handle = await openPrivately(file, constants.O_RDONLY | constants.O_CREAT)
    await handle.chmod(privateFileMode).catch(() => undefined)
    return handle
  } catch (error) {
    if (!hasCode(error, 'EROFS')) throw error
    return open(directory, constants.O_RDONLY)
  }
}

async function isStillAt(file: string, handle: FileHandle): Promise<boolean> {
  const held = await handle.stat()
  if (held.isDirectory()) return true
  const there = await lstat(file).catch(() => null)
  return there !== null && there.ino === held.ino && there.dev === held.dev
}

async function lockBySocket(directory: string, file: string): Promise<() => Promise<void>> {
  const { dev, ino } = await stat(directory, { bigint: true })
  const server = createServer((socket) => socket.destroy())
  try {
    await listen(server, `\0quorate:${dev}:${ino}`)
  } catch (error) {
    if (!hasCode(error, 'EADDRINUSE')) throw error
    throw lockedBy(file, await readHolder(file))
  }
  server.unref()
  await writePrivately(file, describeSelf()).catch(() => unlink(file).catch(() => undefined))
  return async () => {
    await unlink(file).catch(() => undefined)
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
}

/** `exclusive`: otherwise the workers of a `node:cluster` would share one socket, and each believe to be alone. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Without a kernel that cleans up: a file that only one process can create, taken over from a process that is dead. */
export async function lockByFile(file: string): Promise<() => Promise<void>> {
  if (await wasCreated(file)) return () => unlink(file)
  const holder = await readHolder(file)
  if (!holder || mayBeAlive(holder)) throw lockedBy(file, holder)
  if (await wasTakenOver(file)) return () => unlink(file)
  throw lockedBy(file, await readHolder(file))
}

/** One of many judges and deletes at a time: otherwise a slow one would delete what a quick one has just created. */
async function wasTakenOver(file: string): Promise<boolean> {
  const turn = `${file}.takeover`
  if (!(await wasCreated(turn))) throw lockedBy(turn, await readHolder(turn))
  try {
    const holder = await readHolder(file)
    if (!holder || mayBeAlive(holder)) return false
    await unlink(file)
    return await wasCreated(file)
  } finally {
    await unlink(turn)
  }
}

async function wasCreated(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600)
    await handle.writeFile(describeSelf()).finally(() => handle.close())
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

function mayBeAlive({ pid, host, bootId }: Holder): boolean {
  if (host !== hostname()) return true
  if (bootId !== currentBootId()) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !hasCode(error, 'ESRCH')
  }
}

function lockedBy(file: string, holder: Holder | null): QuorateError {
  const who = holder
    ? `process ${holder.pid} on host ${holder.host}, started at ${holder.startedAt}`
    : 'another process'
  const message =
    `the directory of ${file} is in use by ${who}: stop that process, or give this member a directory of its own. ` +
    `If no such process runs any more, delete ${file}`
  return new QuorateError('STORAGE_LOCKED', message)
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    return holderSchema.parse(JSON.parse(await readShortFile(file)))
  } catch {
    return null
  }
}

function describeSelf(): string {
  const startedAt = new Date(Math.round(performance.timeOrigin)).toISOString()
  const holder: Holder = { bootId: currentBootId(), pid: process.pid, startedAt, host: hostname() }
  return `${JSON.stringify(holder)}\n`
}

/** Another boot, another life: a process of an earlier one is dead. Null where the kernel does not tell. */
function currentBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
