import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStorage } from '@quorate/storage-file/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusalOf } from './places.js'
import { appenderAfter, appenderLimits, buildAppender, kill, killRounds } from './process/kill-rounds.js'

let root = ''
let program = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quorate-kill-'))
  program = await buildAppender(root)
})
afterAll(() => rm(root, { recursive: true }))

test('what was acknowledged is there after SIGKILL at any moment, 30 times, and the lock is not', async () => {
  expect(await killRounds(program, join(root, 'killed'), 30)).toBeGreaterThan(300)
})

test('W26, D25: a second process is told which one has the directory', async () => {
  const place = join(root, 'shared')
  const { child } = await appenderAfter(program, place, 1)
  const storage = fileStorage({ directory: place, ...appenderLimits })
  const refusal = await refusalOf(storage.open())
  expect(refusal.code).toBe('STORAGE_LOCKED')
  expect(refusal.message).toContain(`process ${child.pid} `)
  await kill(child)
  await (await storage.open()).close()
})
