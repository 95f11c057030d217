import { seededRandom, type Random } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { encodeFrames } from '../src/frame.js'
import { encodeHello } from '../src/handshake.js'
import { introduce, member, rawClient, until } from './members.js'

const seed = 38

/** A greeting and frames of a member called `a`, with one thing wrong with them. */
function mangled(random: Random): Buffer {
  const frames = Array.from({ length: 5 }, () => ({ kind: 'log' as const, body: Buffer.alloc(random.nextInt(300), 1) }))
  const bytes = Buffer.concat([encodeHello(Buffer.from('a')), ...encodeFrames(frames)])
  const at = random.nextInt(random.nextInt(2) === 0 ? 16 : bytes.length)
  switch (random.nextInt(3)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      bytes[at] = random.nextInt(256)
      return bytes
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(1 + random.nextInt(9), random.nextInt(256)),
        bytes.subarray(at),
      ])
  }
}

test(`F-38: truncated, overwritten and stuffed streams end at most their own connection (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const b = await member('b', { helloTimeoutMs: 30, frameBytesMax: 400 })
  for (let round = 0; round < 200; round += 1) {
    const client = await rawClient(b.running.address)
    client.socket.write(mangled(random))
    client.socket.end()
    await client.closed
  }
  expect(Math.max(...b.frames.map(({ frame }) => frame.length))).toBeLessThanOrEqual(400)
  expect(b.log.filter((line) => line.includes('refused')).length).toBeGreaterThan(10)
  expect(b.log.filter((line) => line.includes('broken off')).length).toBeGreaterThan(10)

  const before = b.frames.length
  const a = await member('a')
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => a.running.send(b.id, Buffer.from('sound'), 'log') === 'queued')
  await until(() => b.frames.length > before)
  expect(Buffer.from(b.frames.at(-1)?.frame ?? []).toString()).toBe('sound')
})
