/** What hostile clients and peers cost members, in bounds that do not depend on the machine; `pnpm abuse` does more of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleSources } from '../../../tools/source-bundle.mjs'
import { clientAttacks } from './hostile/clients.js'
import { peerAttacks } from './hostile/peers.js'
import { Target, type Cost, type Setting } from './hostile/target.js'

const sizes = { bodies: 8, requests: 64, connections: 64, frames: 2_000, directories: 4 }
const mebibyte = 2 ** 20

/** What a turn of the event loop may take of a processor, told in readings of 1 MiB of JSON. */
const stallUnitsMax = 60
const grownBytesMax = 256 * mebibyte
/** Small requests for what is longer: status and digest. */
const answeredPerByteMax = 100
const linesMax = 60

let setting: Setting
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-hostile-'))
  const program = join(directory, 'victims.mjs')
  await bundleSources(join(import.meta.dirname, 'hostile/victims.ts'), program)
  setting = { program, directory, certificates: join(import.meta.dirname, '../../../tools/certificates') }
})
afterAll(() => rm(setting.directory, { recursive: true }))

function expectBounded(cost: Cost, unitCpuMs: number): void {
  expect(cost.longestStallCpuMs / unitCpuMs, `${cost.name}: the longest stall, in readings of 1 MiB`).toBeLessThan(
    stallUnitsMax,
  )
  expect(cost.grownBytes, `${cost.name}: memory`).toBeLessThan(grownBytesMax)
  expect(cost.lines, `${cost.name}: lines of logs`).toBeLessThan(linesMax)
  expect(cost.answeredBytes / Math.max(1, cost.sentBytes), `${cost.name}: bytes answered for each`).toBeLessThan(
    answeredPerByteMax,
  )
  expect(cost.writes, `${cost.name}: writes of an honest client`).toBeGreaterThan(0)
}

test('hostile clients', async () => {
  const target = await Target.start(setting, 'tcp')
  try {
    for (const [name, attack] of clientAttacks) {
      expectBounded(await target.suffer(name, (each) => attack(each, sizes)), target.unitCpuMs)
    }
  } finally {
    await target.close()
  }
})

describe.each(['tcp', 'tcp with TLS', 'http with a token', 'http with TLS'] as const)('over %s', (transport) => {
  test.each(peerAttacks)('a hostile member: %s', async (name, attack) => {
    const target = await Target.start(setting, transport)
    try {
      expectBounded(await target.suffer(name, (each) => attack(each, sizes)), target.unitCpuMs)
    } finally {
      await target.close()
    }
  })
})
