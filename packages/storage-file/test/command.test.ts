import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStorage } from '@quorate/storage-file/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { lifeOf } from './places.js'
import { contentsOf, damage as damageAt, limits, makePlace, quorateStorage, segmentsIn } from './storage-command.js'

let root = ''
let place = ''
let sound = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-command-'))
  sound = join(root, 'sound')
  await makePlace(sound)
})
afterAll(() => rm(root, { recursive: true }))
beforeEach(async () => {
  place = join(root, `${performance.now()}`)
  await cp(sound, place, { recursive: true })
})

const segments = () => segmentsIn(place)
const damage = (name: string, at: number) => damageAt(join(place, name), at)

describe('quorate-storage inspect', () => {
  test('prints segments, records, release, snapshot and identity, and that nothing is wrong', async () => {
    const { code, said } = await quorateStorage('inspect', place)
    expect(code).toBe(0)
    // Of each record a segment; the newest ends in a mark, which is a batch of no records.
    const rows = [3, 4, 5, 6, 7, 8, 9].map((record) => [record, 1, record, 'sealed'] as const)
    expect(said.split('\n').flatMap((line) => (line.startsWith('journal-') ? [line] : []))).toEqual(
      [...rows, [10, 2, 10, 'open'] as const].map(([file, batches, from, state]) => {
        const name = `journal-${String(file).padStart(16, '0')}`
        return `${name}   1024  ${String(batches).padStart(7)}  ${'1'.padStart(7)}  ${String(from).padStart(4)}  ${state.padStart(6)}`
      }),
    )
    // Seven records of 336 bytes, and one whose index has a digit more.
    expect(said).toContain('records    3 to 10, 2689 bytes')
    expect(said).toContain('release    record 3 on, on the snapshot at 2')
    expect(said).toContain('snapshot   position 2, epoch 1, 8 bytes, sha256 ')
    expect(said).toContain('identity   8 bytes')
    expect(said).toContain('No damage')
  })

  test('says the same as JSON', async () => {
    const { said } = await quorateStorage('inspect', place, '--json')
    const report: unknown = JSON.parse(said)
    expect(report).toMatchObject({
      replayed: { first: 3, last: 10, records: 8 },
      release: { sequence: 3, snapshot: 2 },
      problems: [],
    })
  })

  test('prints the bytes of one record, and the entry at one position with a decoder', async () => {
    const bare = await quorateStorage('inspect', place, '--sequence', '5')
    expect(bare).toMatchObject({ code: 0 })
    expect(bare.said).toContain('{"kind":"entry","index":5,"data"')
    expect(await quorateStorage('inspect', place, '--position', '5')).toMatchObject({
      code: 2,
      complained: '--position needs the protocol, which knows positions: add --decode @quorate/raft',
    })
    const decoder = join(root, 'decoder.mjs')
    await writeFile(
      decoder,
      `export function decodeRecord(bytes) {
        const { index } = JSON.parse(new TextDecoder().decode(bytes))
        return { kind: 'entries', entries: [{ index, term: 2 + (index > 6), kind: 'command', data: bytes.slice(0, 20) }] }
      }`,
    )
    const decoded = await quorateStorage('inspect', place, '--position', '5', '--decode', decoder)
    expect(decoded).toMatchObject({ code: 0 })
    expect(decoded.said).toContain('position 5: command of term 2, in record 5\n20 bytes\n')
    const all = await quorateStorage('inspect', place, '--records', '--decode', decoder)
    expect(all.said).toContain('terms      2 to 3')
    expect(all.said).toContain('record 7: 336 bytes, entries: 7@3 command of 20 bytes')
    expect(await quorateStorage('inspect', place, '--position', '99', '--decode', decoder)).toMatchObject({ code: 2 })
    const missing = await quorateStorage('inspect', place, '--decode', './nowhere.mjs')
    expect(missing).toMatchObject({ code: 2 })
    expect(missing.complained).toContain('name a module that exports decodeRecord(bytes)')
  })

  test('of a damaged directory prints what is there, and everything that is wrong', async () => {
    const names = await segments()
    await damage(names[1] ?? '', 300)
    await damage('identity', 30)
    const { code, said } = await quorateStorage('inspect', place)
    expect(code).toBe(1)
    expect(said).toContain('2 problems:')
    const checksumAt = (await stat(join(place, 'identity'))).size - 4
    expect(said).toContain(`identity is damaged at byte ${checksumAt}: expected checksum`)
    expect(said).toContain(`${names[1] ?? ''} is damaged at byte 128: expected batch 4 from record 4 on`)
    expect(said).toContain('records    3 to 3, 336 bytes')
  })
})

describe('quorate-storage verify', () => {
  test('changes nothing, and ends with 1 on damage of any file', async () => {
    expect(await quorateStorage('verify', place)).toMatchObject({ code: 0 })
    const names = await segments()
    const damaged = [
      ...names.slice(1, -1),
      'identity',
      ...(await readdir(place)).filter((name) => /^snapshot/.test(name)),
    ]
    for (const name of damaged) {
      await damage(name, 30)
      const before = await contentsOf(place)
      const { code, said } = await quorateStorage('verify', place)
      expect(code, name).toBe(1)
      expect(said, name).toContain(`${name} is damaged at byte`)
      expect(await contentsOf(place)).toEqual(before)
      await damage(name, 30)
    }
    await rm(join(place, names[2] ?? ''))
    expect((await quorateStorage('verify', place)).said).toContain('found no such file')
  })

  test('tells a write that never ended from damage', async () => {
    const newest = (await segments()).at(-1) ?? ''
    const bytes = await readFile(join(place, newest))
    // A batch that begins and does not end, behind the last one.
    bytes.write('QRBT and no more', bytes.findLastIndex((byte) => byte !== 0) + 8, 'latin1')
    await writeFile(join(place, newest), bytes)
    expect(await quorateStorage('verify', place)).toMatchObject({ code: 0 })
    expect((await quorateStorage('inspect', place)).said).toMatch(
      /tail +a write that never ended: .*the next open cuts it/,
    )
  })
})

describe('quorate-storage repair', () => {
  test('without --write says what would be lost, and changes nothing', async () => {
    const names = await segments()
    const before = await contentsOf(place)
    // Record n is in the segment of this name alone. How far the newest goes is said by itself, and by the identity.
    for (const [index, name] of names.slice(2, -1).entries()) {
      await damage(name, 300)
      const damaged = await contentsOf(place)
      const { code, said } = await quorateStorage('repair', place)
      expect(code).toBe(1)
      expect(said).toContain(`The journal would end in ${join(place, name)} at byte 128, `)
      expect(said).toContain(`It keeps the records up to ${index + 4}. Those behind are lost, at least up to 10.`)
      expect(said).toContain(`Given up whole: ${names.slice(index + 3).join(', ')}.`)
      expect(said).toContain('Nothing was written. Add --write')
      expect(await contentsOf(place)).toEqual(damaged)
      await damage(name, 300)
    }
    expect(await contentsOf(place)).toEqual(before)
    await damage(names.at(-1) ?? '', 300)
    const { said } = await quorateStorage('repair', place)
    expect(said).toContain('It keeps the records up to 9. Those behind are lost, at least up to 10.')
  })

  test('with --write keeps a copy, and what is left opens and goes on, wherever the damage was', async () => {
    const names = await segments()
    expect(names.length).toBeGreaterThanOrEqual(4)
    for (const [index, name] of names.slice(2).entries()) {
      for (const how of ['flip', 'cut', 'gone', 'header']) {
        await rm(place, { recursive: true })
        await rm(`${place}.damaged`, { recursive: true, force: true })
        await cp(sound, place, { recursive: true })
        if (how === 'flip') await damage(name, 200)
        else if (how === 'cut') await truncate(join(place, name), 190)
        else if (how === 'gone') await rm(join(place, name))
        else await damage(name, 20)
        const before = await contentsOf(place)
        const { code, said, complained } = await quorateStorage('repair', place, '--write')
        const what = `${name}, ${how}: ${said}${complained}`
        if (code === 0 && !said.includes('Copied to')) {
          // Not damage: the newest file ends in a mark alone.
          expect(index, what).toBe(names.length - 3)
          continue
        }
        expect(code, what).toBe(0)
        expect(await contentsOf(`${place}.damaged`)).toEqual(before)
        const life = await lifeOf(await fileStorage({ directory: place, ...limits, mayMove: true }).open())
        expect(life.first, what).toBe(3)
        expect(said, what).toContain(`It keeps the records up to ${2 + life.records.length}.`)
        await life.append('goes on')
        await life.storage.close()
        expect(await quorateStorage('verify', place), what).toMatchObject({ code: 0 })
      }
    }
  }, 120_000)

  test('says when nothing can be repaired, and when nothing has to be', async () => {
    expect(await quorateStorage('repair', place, '--write')).toMatchObject({ code: 0 })
    await damage('identity', 30)
    const { code, complained } = await quorateStorage('repair', place, '--write')
    expect(code).toBe(2)
    expect(complained).toContain('This cannot be repaired')
    expect(await readdir(root)).not.toContain(`${place}.damaged`)
  })

  test('does not touch a directory that is in use, and overwrites no earlier copy', async () => {
    const storage = await fileStorage({ directory: place, ...limits, mayMove: true }).open()
    const { code, complained } = await quorateStorage('repair', place, '--write')
    expect(code).toBe(2)
    expect(complained).toContain('is in use by process')
    await storage.close()
    await damage((await segments())[2] ?? '', 300)
    await mkdir(`${place}.damaged`)
    expect((await quorateStorage('repair', place, '--write')).complained).toContain('name another place with --copy')
  })
})

describe('bad input', () => {
  test.each(['inspect', 'verify', 'repair', 'recover --cluster=c --member=n1=h:1'])(
    '%s refuses what is no place of ours, in a sentence',
    async (words) => {
      const [verb = '', ...options] = words.split(' ')
      const file = join(root, `${verb}-file`)
      const empty = join(root, `${verb}-empty`)
      await writeFile(file, 'a file')
      await mkdir(empty)
      const cases = [
        [join(root, 'nowhere'), /nowhere cannot be read \(.*ENOENT.*name the directory of a member/],
        [file, /-file cannot be read \(.*ENOTDIR.*name the directory of a member/],
        [empty, /-empty holds no storage: there is no journal/],
      ] as const
      for (const [path, told] of cases) {
        const { code, complained } = await quorateStorage(verb, path, ...options)
        expect(code).toBe(2)
        expect(complained).toMatch(told)
      }
    },
  )

  test('what cannot be read is not said to be damaged', async () => {
    await rm(join(place, 'identity'))
    await mkdir(join(place, 'identity'))
    const { code, said } = await quorateStorage('verify', place)
    expect(code).toBe(2)
    expect(said).toContain('EISDIR')
  })

  test('a symbolic link is followed', async () => {
    const link = join(root, `${performance.now()}-link`)
    await symlink(place, link)
    expect(await quorateStorage('verify', link)).toMatchObject({ code: 0 })
  })

  test('an unknown word, option or number is told with the usage', async () => {
    for (const args of [
      ['look', place],
      ['inspect'],
      ['inspect', place, '--loud'],
      ['inspect', place, '--sequence', '0'],
    ]) {
      expect(await quorateStorage(...args), args.join(' ')).toMatchObject({ code: 2 })
    }
    expect(await quorateStorage('--help')).toMatchObject({ code: 0 })
  })
})
