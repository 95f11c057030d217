import { nodeId, type NodeId } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { frameKind, frameReserveBytes } from '../src/frame.js'
import { RoundTrips } from '../src/health/round-trips.js'
import { still } from './snapshots/places.js'

const n2 = nodeId('n2')

test('a round trip is smoothed, one part in eight of what is new, and forgotten with its link', async () => {
  const time = still()
  const pings: Uint8Array[] = []
  const measured: number[] = []
  const trips = new RoundTrips({
    environment: time.environment,
    others: () => [n2],
    send: (_, frame) => pings.push(frame),
    onMeasured: (_, ms) => measured.push(ms),
  })
  const answerAfter = async (ms: number): Promise<void> => {
    await time.pass(ms)
    const ping = pings.at(-1) ?? new Uint8Array()
    trips.onFrame(frameKind.pong, n2, ping.subarray(frameReserveBytes))
  }
  trips.start()
  await time.pass(1_000)
  await answerAfter(8)
  await time.pass(992)
  await answerAfter(16)
  expect(measured).toEqual([8, 9])
  expect(trips.of(n2)).toBe(9)
  trips.onLinkDown(n2)
  expect(trips.of(n2)).toBeNull()
  trips.stop()
  await time.pass(10_000)
  expect(pings).toHaveLength(2)
})

test('a ping is answered with its own time; bytes that are none are not', () => {
  const sent: [NodeId, number[]][] = []
  const trips = new RoundTrips({
    environment: still().environment,
    others: () => [n2],
    send: (to, frame) => sent.push([to, [...frame]]),
    onMeasured: () => {},
  })
  const time = [2, 1, 0, 0, 0, 0, 0, 0]
  trips.onFrame(frameKind.ping, n2, Uint8Array.from(time))
  expect(sent).toEqual([[n2, [frameKind.pong, 0, 0, 0, 0, 0, 0, 0, 0, ...time]]])
  for (const garbage of [[], [1], [...time, 0], [255, 255, 255, 255, 255, 255, 255, 255]]) {
    trips.onFrame(frameKind.ping, n2, Uint8Array.from(garbage))
    trips.onFrame(frameKind.pong, n2, Uint8Array.from(garbage))
  }
  trips.onFrame(frameKind.pong, n2, Uint8Array.from(time))
  expect(sent).toHaveLength(1)
  expect(trips.of(n2)).toBeNull()
})
