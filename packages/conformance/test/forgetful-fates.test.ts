import { forgetfulFiles, type ForgetfulFiles } from '@quorate/conformance'
import { seededRandom, type OpenFile, type Random } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'

const names = ['a', 'b', 'c', 'd']
const directories = ['/d', '/e']

/** The same files, remembered in the most stupid way: everything is copied whole at each sync. */
class Oracle {
  visible = new Map<string, { bytes: number[] }>()
  readonly durableNames = new Map<string, { bytes: number[] }>()
  readonly durableBytes = new Map<{ bytes: number[] }, number[]>()

  syncFile(file: { bytes: number[] }): void {
    this.durableBytes.set(file, [...file.bytes])
  }

  syncDirectory(directory: string): void {
    for (const path of [...this.durableNames.keys()]) if (path.startsWith(directory)) this.durableNames.delete(path)
    for (const [path, file] of this.visible) if (path.startsWith(directory)) this.durableNames.set(path, file)
  }

  powerCut(): void {
    for (const file of this.durableNames.values()) file.bytes = [...(this.durableBytes.get(file) ?? [])]
    this.visible = new Map(this.durableNames)
  }
}

function contents(files: ForgetfulFiles): Map<string, number[]> {
  return new Map([...files.files('visible')].map(([path, bytes]) => [path, [...bytes]]))
}

function sorted(oracle: Oracle): Map<string, number[]> {
  const paths = [...oracle.visible.keys()].sort((left, right) => (left < right ? -1 : 1))
  return new Map(paths.map((path) => [path, oracle.visible.get(path)?.bytes ?? []]))
}

async function oneStep(files: ForgetfulFiles, oracle: Oracle, random: Random): Promise<void> {
  const pick = (items: readonly string[]): string => items[random.nextInt(items.length)]!
  const path = `${pick(directories)}/${pick(names)}`
  const there = oracle.visible.get(path)
  const change = async (act: (file: OpenFile) => Promise<void>): Promise<void> => {
    const file = await files.open(path, there ? 'readWrite' : 'create')
    if (!there) oracle.visible.set(path, { bytes: [] })
    await act(file)
    await file.close()
  }
  const known = (): { bytes: number[] } => oracle.visible.get(path) ?? { bytes: [] }
  switch (random.nextInt(8)) {
    case 0:
    case 1: {
      const offset = random.nextInt(20)
      const bytes = Array.from({ length: random.nextInt(9) }, () => random.nextInt(256))
      await change((file) => file.write(offset, [Uint8Array.from(bytes)]))
      if (bytes.length === 0) return
      while (known().bytes.length < offset) known().bytes.push(0)
      known().bytes.splice(offset, bytes.length, ...bytes)
      return
    }
    case 2: {
      const length = random.nextInt(20)
      await change((file) => file.truncate(length))
      known().bytes = Array.from({ length }, (_, at) => known().bytes[at] ?? 0)
      return
    }
    case 3:
      await change((file) => file.datasync())
      oracle.syncFile(known())
      return
    case 4: {
      const directory = pick(directories)
      await files.syncDirectory(directory)
      oracle.syncDirectory(directory)
      return
    }
    case 5: {
      const to = `${pick(directories)}/${pick(names)}`
      if (!there || to === path) return
      // Two names of one file come from a cut between the ends of a rename: then POSIX does nothing.
      await files.rename(path, to)
      if (oracle.visible.get(to) === there) return
      oracle.visible.set(to, there)
      oracle.visible.delete(path)
      return
    }
    case 6:
      if (!there) return
      await files.unlink(path)
      oracle.visible.delete(path)
      return
    default:
      if (random.nextInt(3) > 0) return
      files.powerCut()
      oracle.powerCut()
  }
}

test('over random operations and power cuts, exactly what was synced is there', async () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const random = seededRandom(seed)
    const files = forgetfulFiles(seed)
    for (const directory of directories) await files.makeDirectory(directory)
    const oracle = new Oracle()
    for (let step = 1; step <= 150; step += 1) {
      await oneStep(files, oracle, random)
      expect(contents(files), `seed ${seed}, step ${step}`).toEqual(sorted(oracle))
    }
  }
})

/** Runs the same story under many seeds, and counts how each ended. */
async function endings(
  story: (files: ForgetfulFiles) => Promise<void>,
  describeEnding: (files: ForgetfulFiles) => string,
): Promise<string[]> {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 120; seed += 1) {
    const files = forgetfulFiles(seed, { keeps: 'some' })
    for (const directory of directories) await files.makeDirectory(directory)
    await story(files)
    files.powerCut()
    seen.add(describeEnding(files))
  }
  return [...seen].sort((left, right) => (left < right ? -1 : 1))
}

async function saved(files: ForgetfulFiles, path: string, bytes: Uint8Array): Promise<OpenFile> {
  const file = await files.open(path, 'create')
  await file.write(0, [bytes])
  await file.datasync()
  for (const directory of directories) await files.syncDirectory(directory)
  return file
}

const paths = (files: ForgetfulFiles): string => [...files.files('durable').keys()].join(' ') || 'nothing'

describe('a power cut that keeps some', () => {
  test('W1 W2 W3 W19: leaves of a write all, a beginning, some sectors, its size or nothing, and no other bytes', async () => {
    const written = Uint8Array.from({ length: 2_000 }, (_, at) => 1 + (at % 255))
    const story = async (files: ForgetfulFiles): Promise<void> => {
      const file = await saved(files, '/d/a', Uint8Array.of(9))
      await file.write(1, [written])
    }
    const kindOf = (files: ForgetfulFiles): string => {
      const bytes = files.bytesOf('/d/a') ?? new Uint8Array()
      const rest = bytes.subarray(1)
      expect(bytes[0], 'what was synced').toBe(9)
      expect(rest.every((byte, at) => byte === 0 || byte === written[at])).toBe(true)
      if (rest.length === 0) return 'nothing'
      if (rest.every((byte) => byte === 0)) return 'size'
      if (rest.every((byte) => byte !== 0)) return rest.length === written.length ? 'all' : 'beginning'
      // Sectors of the disk: one that is there is there whole.
      for (let at = 1; at <= rest.length; at += 1) {
        const isWithin = at % 512 !== 0 && at > 1
        if (isWithin) expect(bytes[at] === 0, `sector of byte ${at}`).toBe(bytes[at - 1] === 0)
      }
      return 'sectors'
    }
    await expect(endings(story, kindOf)).resolves.toEqual(['all', 'beginning', 'nothing', 'sectors', 'size'])
  })

  test('W24: leaves an earlier change undone and a later one done', async () => {
    const story = async (files: ForgetfulFiles): Promise<void> => {
      const file = await saved(files, '/d/a', Uint8Array.of(1, 2, 3))
      await file.truncate(1)
      await file.write(1, [Uint8Array.of(7)])
    }
    const text = (files: ForgetfulFiles): string => [...(files.bytesOf('/d/a') ?? [])].join(' ')
    await expect(endings(story, text)).resolves.toEqual(['1', '1 0', '1 2 3', '1 7', '1 7 3'])
  })

  test('W17: leaves after a rename the old name, the new one, or both', async () => {
    const story = async (files: ForgetfulFiles): Promise<void> => {
      await saved(files, '/d/a', Uint8Array.of(1))
      await files.rename('/d/a', '/d/b')
    }
    await expect(endings(story, paths)).resolves.toEqual(['/d/a', '/d/a /d/b', '/d/b'])
  })

  test('W17: leaves after a rename between directories any of the names, or none', async () => {
    const story = async (files: ForgetfulFiles): Promise<void> => {
      await saved(files, '/d/a', Uint8Array.of(1))
      await files.rename('/d/a', '/e/b')
    }
    await expect(endings(story, paths)).resolves.toEqual(['/d/a', '/d/a /e/b', '/e/b', 'nothing'])
  })

  test('W18: keeps an unlink and not the rename before it, or the other way round', async () => {
    const story = async (files: ForgetfulFiles): Promise<void> => {
      await saved(files, '/d/new', Uint8Array.of(1))
      await saved(files, '/d/old', Uint8Array.of(2))
      await files.rename('/d/new', '/d/current')
      await files.unlink('/d/old')
    }
    const seen = await endings(story, paths)
    expect(seen).toContain('/d/new')
    expect(seen).toContain('/d/current /d/old')
    expect(seen).toContain('/d/new /d/old')
    expect(seen).toContain('/d/current')
  })

  test('keeps whatever was synced', async () => {
    const story = async (files: ForgetfulFiles): Promise<void> => {
      await saved(files, '/d/a', Uint8Array.of(1))
      await files.rename('/d/a', '/d/b')
      await files.syncDirectory('/d')
    }
    await expect(endings(story, paths)).resolves.toEqual(['/d/b'])
  })

  test('leaves two names of one file as POSIX has it: a rename between them does nothing', async () => {
    for (let seed = 1; ; seed += 1) {
      const files = forgetfulFiles(seed, { keeps: 'some' })
      await files.makeDirectory('/d')
      await files.makeDirectory('/e')
      await saved(files, '/d/a', Uint8Array.of(1))
      await files.rename('/d/a', '/d/b')
      files.powerCut()
      if (paths(files) !== '/d/a /d/b') continue
      await files.rename('/d/a', '/d/b')
      await expect(files.list('/d')).resolves.toEqual(['a', 'b'])
      await (await files.open('/d/a', 'readWrite')).write(0, [Uint8Array.of(5)])
      expect(files.bytesOf('/d/b', 'visible')).toEqual(Uint8Array.of(5))
      return
    }
  })

  test('is the same for the same seed', async () => {
    const run = async (seed: number): Promise<Map<string, number[]>> => {
      const files = forgetfulFiles(seed, { keeps: 'some' })
      for (const directory of directories) await files.makeDirectory(directory)
      const random = seededRandom(seed)
      for (let write = 0; write < 40; write += 1) {
        const path = `/d/${random.nextInt(5)}`
        const there = files.bytesOf(path, 'visible') !== null
        const file = await files.open(path, there ? 'readWrite' : 'create')
        await file.write(random.nextInt(3_000), [new Uint8Array(random.nextInt(2_000)).fill(write + 1)])
      }
      files.powerCut()
      return contents(files)
    }
    for (const seed of [1, 2, 3]) expect(await run(seed)).toEqual(await run(seed))
    expect(await run(1)).not.toEqual(await run(2))
  })
})
