import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileStorage } from '@quorate/storage-file/node'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lifeOf, refusalOf } from './places.js'

let root = ''
let program = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-kill-'))
  program = join(root, 'appender.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'process', 'appender.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@quorate/source'],
    logLevel: 'silent',
  })
})
afterAll(() => rm(root, { recursive: true }))

/** Runs the appender until it has said so many lines, and hands out what it said last. */
async function appenderAfter(place: string, lines: number): Promise<{ child: ChildProcess; durable: () => number }> {
  const child = spawn(process.execPath, [program, place], { stdio: ['ignore', 'pipe', 'inherit'] })
  let durable = 0
  let said = 0
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the appender ended with ${code} after ${said} lines`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      durable = Number(line.split(' ')[1])
      said += 1
      if (said === lines) resolve()
    })
  })
  return { child, durable: () => durable }
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'close')
  child.kill('SIGKILL')
  await exit
}

test('what was acknowledged is there after SIGKILL at any moment, and the lock is not', async () => {
  const place = join(root, 'killed')
  let least = 0
  for (let round = 1; round <= 12; round += 1) {
    const { child, durable } = await appenderAfter(place, 1 + ((round * 13) % 40))
    await kill(child)
    expect(durable()).toBeGreaterThanOrEqual(least)
    least = durable()
  }
  const life = await lifeOf(await fileStorage({ directory: place, segmentBytes: 4_096 }).open())
  expect(life.records.length).toBeGreaterThanOrEqual(least)
  const wanted = life.records.map((_, at) => `record ${at + 1}`.padEnd(((at + 1) * 37) % 500, '.'))
  expect(life.records).toEqual(wanted)
  await life.storage.close()
})

test('W26, D25: a second process is told which one has the directory', async () => {
  const place = join(root, 'shared')
  const { child } = await appenderAfter(place, 1)
  const storage = fileStorage({ directory: place, segmentBytes: 4_096 })
  const refusal = await refusalOf(storage.open())
  expect(refusal.code).toBe('STORAGE_LOCKED')
  expect(refusal.message).toContain(`process ${child.pid} `)
  await kill(child)
  await (await storage.open()).close()
})
