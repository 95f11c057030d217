import { forgetfulFiles, type ForgetfulFiles, type ForgetfulOptions } from '@quorate/conformance'
import { QuorateError, seededRandom, type Random } from '@quorate/contracts'
import { describe, expect, test } from 'vitest'
import { bytesOf, imageAt, live, record, textOf, type Life } from './places.js'

/**
 * What a member knows of its own storage: entries whose append returned, entries that were ever appended. Whatever
 * happens, what is found lies between the two, and is a prefix.
 */
class Ledger {
  acknowledged = 0
  written: string[] = []
  release = { from: 1, at: 0 }
  pendingRelease: { from: number; at: number } | null = null
  identity: string | null = null
  pendingIdentity: string | null = null

  /** Compares, and takes what was found for the truth from now on: it has been reported. */
  expectFound(life: Life, what: string): void {
    if (this.pendingRelease && life.storage.snapshot?.position === this.pendingRelease.at) {
      this.release = this.pendingRelease
    }
    this.pendingRelease = null
    const { from, at } = this.release
    expect(life.storage.snapshot?.position ?? 0, `${what}: the snapshot of the last release`).toBe(at)
    const found = from - 1 + life.records.length
    expect(life.records, `${what}: records from ${from} on`).toEqual(this.written.slice(from - 1, found))
    expect(found, `${what}: records that were acknowledged`).toBeGreaterThanOrEqual(this.acknowledged)
    if (life.records.length > 0) expect(life.first, what).toBe(from)
    this.written = this.written.slice(0, found)
    this.acknowledged = found
    const identity = life.storage.identity && textOf(life.storage.identity)
    expect([this.identity, this.pendingIdentity], `${what}: the identity`).toContain(identity)
    this.identity = identity
    this.pendingIdentity = null
  }
}

async function append(life: Life, ledger: Ledger, ...texts: string[]): Promise<void> {
  ledger.written.push(...texts)
  const upTo = ledger.written.length
  await life.append(...texts)
  ledger.acknowledged = Math.max(ledger.acknowledged, upTo)
}

async function release(life: Life, ledger: Ledger, text: string): Promise<void> {
  const pending = { from: ledger.written.length, at: ledger.release.at + 1 }
  ledger.pendingRelease = pending
  ledger.written.push(text)
  await life.release(pending.from, pending.at, text)
  ledger.acknowledged = ledger.written.length
  ledger.release = pending
  ledger.pendingRelease = null
}

async function saveIdentity(life: Life, ledger: Ledger, text: string): Promise<void> {
  ledger.pendingIdentity = text
  await life.storage.saveIdentity(bytesOf(text))
  ledger.identity = text
}

/** A life with everything in it that a storage does. */
async function fullLife(files: ForgetfulFiles, ledger: Ledger, number: number): Promise<void> {
  const life = await live(files.mount())
  ledger.expectFound(life, `life ${number}`)
  await saveIdentity(life, ledger, `life ${number}`)
  await append(life, ledger, record(1, 100), record(2, 100))
  for (let at = 0; at < 4; at += 1) await append(life, ledger, record(at, 250))
  await Promise.all([append(life, ledger, 'a'), append(life, ledger, 'b', 'c'), append(life, ledger, 'd')])
  await release(life, ledger, record(9, 200))
  await append(life, ledger, 'last')
  await life.storage.close()
}

/** Ends by a power cut, and by nothing else. */
async function untilCut(doing: () => Promise<void>): Promise<void> {
  try {
    await doing()
  } catch (error) {
    if (!(error instanceof QuorateError) || error.code !== 'STORAGE_FAILED') throw error
  }
}

/** Counts operations, and cuts the power before the nth. */
function cutter(options: ForgetfulOptions, seed: number): { files: ForgetfulFiles; cutAt: number; calls: number } {
  const state = {
    cutAt: Infinity,
    calls: 0,
    files: forgetfulFiles(seed, {
      ...options,
      fail: () => {
        state.calls += 1
        if (state.calls === state.cutAt) state.files.powerCut()
        return null
      },
    }),
  }
  return state
}

describe.each(['nothing', 'some'] as const)(
  'W23: the power is cut before each operation of a life; %s unsynced stays',
  (keeps) => {
    test('what was acknowledged is there, and nothing that was never written', async () => {
      const whole = cutter({ keeps }, 0)
      await fullLife(whole.files, new Ledger(), 1)
      const total = whole.calls
      expect(total).toBeGreaterThan(100)
      for (let cutAt = 1; cutAt <= total; cutAt += 1) {
        const disk = cutter({ keeps }, cutAt)
        const ledger = new Ledger()
        disk.cutAt = cutAt
        await untilCut(() => fullLife(disk.files, ledger, 1))
        disk.cutAt = Infinity
        const life = await live(disk.files)
        ledger.expectFound(life, `cut before operation ${cutAt} of ${total}`)
        if (ledger.release.at > 0)
          expect(await imageAt(life.storage, ledger.release.at)).toBe(`image ${ledger.release.at}`)
        await append(life, ledger, 'goes on')
        await life.storage.close()
        ledger.expectFound(await live(disk.files), `after a cut before operation ${cutAt} of ${total}`)
      }
    })

    test('and cut again before each operation of the recovery', async () => {
      let recoveries = 0
      for (let seed = 1; seed <= 13; seed += 1) {
        for (let second = 1; ; second += 1) {
          const disk = cutter({ keeps }, seed)
          const ledger = new Ledger()
          disk.cutAt = seed * 8
          await untilCut(() => fullLife(disk.files, ledger, 1))
          const begun = disk.calls
          disk.cutAt = begun + second
          await untilCut(async () =>
            ledger.expectFound(await live(disk.files.mount()), `seed ${seed}, recovery ${second}`),
          )
          const isOver = disk.calls < begun + second
          disk.cutAt = Infinity
          if (isOver) break
          recoveries += 1
          ledger.expectFound(await live(disk.files), `seed ${seed}, after recovery ${second}`)
        }
      }
      expect(recoveries).toBeGreaterThan(200)
    })
  },
)

/** W3, W17, W18, W19, W23: names and bytes that no sync covered come and go as a file system may have it. */
test.each(Array.from({ length: 40 }, (_, at) => at + 1))(
  'W17: through many lives with power cuts at random the journal stays a prefix (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const disk = cutter({ keeps: random.nextInt(4) === 0 ? 'nothing' : 'some' }, seed)
    const ledger = new Ledger()
    for (let life = 1; life <= 25; life += 1) {
      disk.cutAt = disk.calls + 1 + random.nextInt(250)
      await untilCut(() => randomLife(disk.files, ledger, random, `seed ${seed}, life ${life}`))
      if (disk.calls < disk.cutAt) disk.files.powerCut()
    }
    disk.cutAt = Infinity
    ledger.expectFound(await live(disk.files), `seed ${seed}, at last`)
    expect(ledger.written.length).toBeGreaterThan(10)
  },
)

async function randomLife(files: ForgetfulFiles, ledger: Ledger, random: Random, what: string): Promise<void> {
  const life = await live(files.mount())
  ledger.expectFound(life, what)
  for (let step = 1 + random.nextInt(12); step > 0; step -= 1) {
    const dice = random.nextInt(10)
    if (dice === 0) await saveIdentity(life, ledger, what)
    else if (dice === 1 && ledger.written.length > 0) await release(life, ledger, what)
    else if (dice === 2)
      await Promise.all([1, 2, 3].map((number) => append(life, ledger, record(number, random.nextInt(90)))))
    else await append(life, ledger, record(step, random.nextInt(400)))
  }
  if (random.nextInt(2) === 0) await life.storage.close()
}
