import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStorage } from '@quorate/storage-file/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { flock } from '../src/node/flock.js'
import { bytesOf, lifeOf, refusalOf, saveImage } from './places.js'
import { makePlace, quorateStorage } from './storage-command.js'

const isLinux = process.platform === 'linux'
const nobody = 65_534
const limits = { segmentBytes: 4_096, reserveSegments: 1 }
const openAt = (directory: string) => fileStorage({ directory, ...limits }).open()

let root = ''
let place = ''
let count = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-private-'))
  await chmod(root, 0o755)
})
afterAll(() => rm(root, { recursive: true }))
beforeEach(() => {
  count += 1
  place = join(root, `${count}`)
})

async function modesIn(directory: string): Promise<Set<string>> {
  const names = await readdir(directory)
  const modes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).mode & 0o777))
  return new Set(modes.map((mode) => mode.toString(8)))
}

describe('what is made is of its owner alone', () => {
  test('directories 0700 and files 0600, whatever the umask; backups too', async () => {
    const before = process.umask(0)
    try {
      const life = await lifeOf(await openAt(join(place, 'deep')))
      await life.append('a secret')
      await life.storage.saveIdentity(bytesOf('who I am'))
      await saveImage(life.storage, 1, 'an image')
      for (const directory of [place, join(place, 'deep')]) expect((await stat(directory)).mode & 0o777).toBe(0o700)
      expect(await modesIn(join(place, 'deep'))).toEqual(new Set(['600']))
      expect(await quorateStorage('backup', join(place, 'deep'), join(place, 'copy'))).toMatchObject({ code: 0 })
      expect((await stat(join(place, 'copy'))).mode & 0o777).toBe(0o700)
      expect(await modesIn(join(place, 'copy'))).toEqual(new Set(['600']))
      await life.storage.close()
    } finally {
      process.umask(before)
    }
  })

  test('a directory that the operator made keeps its mode, and a warning says what others may do there', async () => {
    await mkdir(place)
    await chmod(place, 0o755)
    const warning = once(process, 'warning')
    const storage = await openAt(place)
    const [said] = (await warning) as [NodeJS.ErrnoException]
    expect(said).toMatchObject({ code: 'QUORATE_OPEN_DIRECTORY' })
    expect(said.message).toContain(`other users may see the names of files in ${place} (mode 755)`)
    expect((await stat(place)).mode & 0o777).toBe(0o755)
    expect(await modesIn(place)).toEqual(new Set(['600']))
    await storage.close()
  })
})

describe('D25: a lock that another local user cannot take', () => {
  test.runIf(isLinux)(
    'who binds the name of a socket first, or may open the directory, keeps no member from it',
    async () => {
      for (const mode of [0o700, 0o755]) {
        const directory = join(place, `${mode}`)
        await mkdir(directory, { recursive: true })
        await chmod(directory, mode)
        const { dev, ino } = await stat(directory, { bigint: true })
        const squatter = createServer()
        squatter.listen({ path: `\0quorate:${dev}:${ino}`, exclusive: true })
        await once(squatter, 'listening')
        const openedByOther = mode === 0o755 ? await open(directory, 'r') : null
        if (openedByOther) expect(await flock(openedByOther.fd)).toBe('taken')
        const storage = await openAt(directory)
        expect(await refusalOf(openAt(directory))).toMatchObject({ code: 'STORAGE_LOCKED' })
        await storage.close()
        await openedByOther?.close()
        squatter.close()
      }
    },
  )

  test.runIf(isLinux && process.getuid?.() === 0)('the LOCK file is not opened by others', async () => {
    await mkdir(place)
    await chmod(place, 0o755)
    const storage = await openAt(place)
    const attempt = spawn('flock', ['-n', join(place, 'LOCK'), 'true'], { uid: nobody, gid: nobody, stdio: 'ignore' })
    expect((await once(attempt, 'exit')) as unknown[]).not.toEqual([0, null])
    await storage.close()
  })

  test.runIf(isLinux)('a LOCK file that is a link writes nothing where it leads', async () => {
    for (const mode of [0o700, 0o755]) {
      const directory = join(place, `${mode}`)
      const victim = join(place, `victim ${mode}`)
      await mkdir(directory, { recursive: true })
      await chmod(directory, mode)
      await writeFile(victim, 'keys')
      await symlink(victim, join(directory, 'LOCK'))
      const outcome = await openAt(directory).then(
        (storage) => storage.close(),
        (error: unknown) => error,
      )
      if (mode === 0o755)
        expect(outcome).toMatchObject({
          code: 'STORAGE_FAILED',
          message: expect.stringContaining('links within') as string,
        })
      expect(await readFile(victim, 'utf8')).toBe('keys')
    }
  })

  test('without the program flock it is told that there is none', async () => {
    const handle = await open(root, 'r')
    expect(await flock(handle.fd, 'no-such-flock')).toBe('absent')
    await handle.close()
  })
})

describe('what is no file of a storage ends the tools, and does not hold them', () => {
  const journal = () => join(place, 'journal-0000000000000003')

  test.runIf(isLinux)('a pipe, a device, a directory and a link', async () => {
    await makePlace(place)
    const replace: readonly [RegExp, (path: string) => unknown][] = [
      [/is a pipe, and no file/, (path) => execFileSync('mkfifo', [path])],
      [/is a directory, and no file/, (path) => mkdir(path)],
      [/ELOOP/, (path) => symlink('/dev/zero', path)],
    ]
    for (const [says, make] of replace) {
      for (const path of [journal(), join(place, 'identity')]) {
        const before = await readFile(path)
        await rm(path)
        await make(path)
        for (const command of ['verify', 'repair']) {
          const { code, said, complained } = await quorateStorage(command, place)
          expect([command, code, said + complained]).toEqual([command, 2, expect.stringMatching(says)])
        }
        const backup = await quorateStorage('backup', place, `${place}.backup`)
        expect([backup.code, backup.complained]).toEqual([2, expect.stringMatching(says)])
        expect((await refusalOf(openAt(place))).message).toMatch(says)
        await rm(path, { recursive: true })
        await writeFile(path, before)
      }
    }
  })

  test('a file of a size that nobody has written', async () => {
    await makePlace(place)
    for (const [path, says] of [
      [journal(), /expected at most 4294967296 bytes, found 8796093022208/],
      [join(place, 'identity'), /expected at most 1048576 bytes, found 8796093022208/],
    ] as const) {
      const before = await readFile(path)
      await truncate(path, 2 ** 43)
      const { code, said, complained } = await quorateStorage('verify', place)
      expect([code, said + complained]).toEqual([1, expect.stringMatching(says)])
      expect((await refusalOf(openAt(place))).message).toMatch(says)
      await writeFile(path, before)
    }
  })
})
