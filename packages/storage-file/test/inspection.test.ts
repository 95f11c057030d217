import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetfulFiles, type ForgetfulFiles } from '@quorate/conformance'
import type { FileLayer } from '@quorate/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inspectPlace } from '../src/inspection.js'
import { fileStorageOptionsSchema, type FileSettings } from '../src/options.js'
import { directory, imageOf, live, newestSegment, pathsOf, record, stillTime, type Life } from './places.js'
import { damage, makePlace, quorateStorage, segmentsIn } from './storage-command.js'

function settingsOver(files: FileLayer): FileSettings {
  return fileStorageOptionsSchema.parse({ directory, files, environment: stillTime().environment })
}

/** A member that runs, with nine segments. */
async function runningMember(): Promise<{ files: ForgetfulFiles; life: Life }> {
  const files = forgetfulFiles(1)
  const life = await live(files)
  for (let at = 1; at <= 9; at += 1) await life.append(record(at, 300))
  return { files, life }
}

/** The files as a reader sees them who is overtaken: whenever the names were listed, `happen` comes before the reading. */
function overtaken(files: FileLayer, happen: (nth: number) => Promise<void>): FileLayer {
  let lists = 0
  return {
    ...files,
    async list(path) {
      const names = await files.list(path)
      lists += 1
      await happen(lists)
      return names
    },
  }
}

describe('a member that runs', () => {
  test('is not said to be damaged because it has deleted what was listed', async () => {
    const { files, life } = await runningMember()
    const once = overtaken(files, async (nth) => {
      if (nth === 1) await life.release(9, 5, record(10, 300))
    })
    const records: number[] = []
    const report = await inspectPlace(settingsOver(once), () => {
      records.length = 0
      return (at) => records.push(at)
    })
    expect(report.problems).toEqual([])
    expect(report.replayed).toMatchObject({ first: 9, last: 10 })
    expect(records).toEqual([9, 10])
    await life.storage.close()
  })

  test('is not said to be damaged because it goes on in a file that was not listed', async () => {
    const { files, life } = await runningMember()
    const once = overtaken(files, async (nth) => {
      if (nth === 1) for (const at of [10, 11, 12]) await life.append(record(at, 300))
    })
    const report = await inspectPlace(settingsOver(once))
    expect(report.problems).toEqual([])
    expect(report.replayed).toMatchObject({ first: 1, last: 12 })
    await life.storage.close()
  })

  test('that never keeps still is in use, and neither whole nor damaged', async () => {
    const { files, life } = await runningMember()
    let next = 10
    const always = overtaken(files, async () => {
      for (const _ of [1, 2, 3]) await life.append(record(next++, 300))
    })
    await expect(inspectPlace(settingsOver(always))).rejects.toMatchObject({
      code: 'STORAGE_LOCKED',
      message: expect.stringMatching(/^\/place is in use: .*Look again when its member is stopped$/) as string,
    })
    await life.storage.close()
  })

  test('is said to be damaged if it is, and only of that', async () => {
    const { files, life } = await runningMember()
    const [, damaged = ''] = pathsOf(imageOf(files), 'journal')
    files.flipBit(damaged, 8 * 300)
    let next = 10
    const always = overtaken(files, async () => {
      for (const _ of [1, 2, 3]) await life.append(record(next++, 300))
    })
    const { problems } = await inspectPlace(settingsOver(always))
    expect(problems).toMatchObject([{ code: 'STORAGE_CORRUPT' }])
    expect(problems[0]?.message).toContain(`${damaged} is damaged at byte 128`)
    await life.storage.close()
  })

  test('an error of the disk is told, though the next look does not meet it', async () => {
    const { files, life } = await runningMember()
    await life.storage.close()
    const [path = ''] = pathsOf(imageOf(files), 'journal')
    let isOver = false
    const flaky: FileLayer = {
      ...files,
      async open(opened, mode) {
        if (opened !== path || isOver) return files.open(opened, mode)
        isOver = true
        throw Object.assign(new Error('EIO: i/o error, open'), { code: 'EIO' })
      },
    }
    expect((await inspectPlace(settingsOver(flaky))).problems).toMatchObject([{ code: 'STORAGE_FAILED' }])
  })
})

test('a damaged release is one problem: what it has released is not missing', async () => {
  const { files, life } = await runningMember()
  await life.release(9, 5, 'the tenth')
  await life.storage.close()
  const { path, bytes } = newestSegment(imageOf(files))
  files.flipBit(path, 8 * Buffer.from(bytes).indexOf('the tenth'))
  const { problems } = await inspectPlace(settingsOver(files))
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /expected batch 10 from record 10 on, which was durable, found record 10 with a wrong checksum/,
    ),
  ])
})

describe('a directory', () => {
  let root = ''
  let place = ''
  let names: string[] = []
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'quorate-inspection-'))
    place = join(root, 'n1')
    await makePlace(place)
    names = await segmentsIn(place)
  })
  afterEach(() => rm(root, { recursive: true }))

  /** What `verify` complains about: the files, in its order. */
  async function complaints(): Promise<string[]> {
    const { said } = await quorateStorage('verify', place)
    return said.split('\n').flatMap((line) => /^- .*?\/([^/ ]+) is damaged at byte/.exec(line)?.[1] ?? [])
  }

  async function moduleOf(source: string): Promise<string> {
    const path = join(root, 'decoder.mjs')
    await writeFile(path, source)
    return path
  }

  test('with two damaged segments has two problems', async () => {
    const damaged = [names[1] ?? '', names[3] ?? '']
    for (const name of damaged) await damage(join(place, name), 300)
    expect(await complaints()).toEqual(damaged)
  })

  test('with a damaged segment and a damaged image has both', async () => {
    await damage(join(place, names[2] ?? ''), 300)
    await damage(join(place, 'snapshot-0000000000000002'), 30)
    expect(await complaints()).toEqual([names[2], 'snapshot-0000000000000002'])
  })

  test('with an unreadable header has that problem, and those behind and before it', async () => {
    for (const [at, offset] of [300, 20, 300].entries()) await damage(join(place, names[at + 1] ?? ''), offset)
    // The segment before the unreadable header may end anywhere: nothing can be said of it.
    expect(await complaints()).toEqual([names[2], names[3]])
    const { said } = await quorateStorage('verify', place)
    expect(said).toContain('2 problems:')
  })

  test('with no readable header is not said to have no journal', async () => {
    for (const name of names) await damage(join(place, name), 20)
    expect(await complaints()).toEqual(names)
  })

  test('with an unreadable header of the newest segment is not said to have none', async () => {
    const newest = names.at(-1) ?? ''
    await damage(join(place, newest), 20)
    expect(await complaints()).toEqual([newest])
  })

  test('with a missing segment is told of it', async () => {
    await rm(join(place, names[2] ?? ''))
    await damage(join(place, names[4] ?? ''), 300)
    expect(await complaints()).toEqual([names[2], names[4]])
  })

  test('is not damaged because a decoder throws: that is told by module and record', async () => {
    const bad = await moduleOf('export function decodeRecord() { throw new Error("not my record") }')
    const { code, said, complained } = await quorateStorage('inspect', place, '--decode', bad)
    expect({ code, said }).toEqual({ code: 2, said: '' })
    expect(complained).toContain(`${bad} cannot read record 3 (not my record). This says nothing of the disk`)
  })

  test('is not damaged because a decoder gives something else than a record', async () => {
    const bad = await moduleOf('export function decodeRecord() { return { entries: [] } }')
    const { code, complained } = await quorateStorage('inspect', place, '--decode', bad)
    expect(code).toBe(2)
    expect(complained).toContain(`${bad} cannot read record 3 (it gives something else than a record: `)
  })

  test('does not show an entry at a position whose place others have taken', async () => {
    const entries = 'const entry = (index, term) => ({ index, term, kind: "command", data: new Uint8Array(1) })'
    const decoder = await moduleOf(`${entries}
      const records = new Map([
        [3, { kind: 'entries', entries: [entry(5, 1), entry(6, 1), entry(7, 1)] }],
        [4, { kind: 'entries', entries: [entry(5, 2)] }],
        [5, { kind: 'hardState' }],
        [6, { kind: 'entries', entries: [entry(6, 3)] }],
        [7, { kind: 'entries', entries: [entry(8, 3)] }],
        [8, { kind: 'reset' }],
        [9, { kind: 'entries', entries: [entry(9, 3)] }],
      ])
      export const decodeRecord = (bytes) => records.get(JSON.parse(new TextDecoder().decode(bytes)).index) ?? { kind: 'other' }`)
    const at = (position: number) => quorateStorage('inspect', place, '--position', `${position}`, '--decode', decoder)
    expect(await at(7)).toMatchObject({
      code: 2,
      complained: expect.stringContaining('no entry at position 7') as string,
    })
    expect(await at(8)).toMatchObject({ code: 2 })
    expect((await at(9)).said).toContain('position 9: command of term 3, in record 9')
    const kept = (await readFile(decoder, 'utf8')).replace("[8, { kind: 'reset' }],", '')
    await writeFile(decoder.replace('.mjs', '-2.mjs'), kept)
    const without = (position: number) =>
      quorateStorage('inspect', place, '--position', `${position}`, '--decode', decoder.replace('.mjs', '-2.mjs'))
    expect((await without(5)).said).toContain('position 5: command of term 2, in record 4')
    expect((await without(6)).said).toContain('position 6: command of term 3, in record 6')
    expect(await without(7)).toMatchObject({ code: 2 })
    expect((await without(8)).said).toContain('position 8: command of term 3, in record 7')
  })
})
