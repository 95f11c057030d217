import { BytesError, ByteWriter, nodeId, type NodeId } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { frameKind, frameReserveBytes } from '../src/frame.js'
import { RoundTrips } from '../src/health/round-trips.js'
import { still } from './snapshots/places.js'

const n2 = nodeId('n2')

/** What a member answers that has not run for so long in all. */
function answerTo(ping: Uint8Array | undefined, stalledMs = 0): Uint8Array {
  return new ByteWriter(16)
    .raw(ping?.subarray(frameReserveBytes) ?? new Uint8Array())
    .u53(stalledMs)
    .finish()
}

test('a round trip is smoothed, one part in eight of what is new, and forgotten with its link', async () => {
  const time = still()
  const pings: Uint8Array[] = []
  const measured: number[] = []
  const trips = new RoundTrips({
    environment: time.environment,
    others: () => [n2],
    send: (_, frame) => pings.push(frame),
    stalledMs: () => 0,
    onMeasured: (_, ms) => measured.push(ms),
  })
  const answerAfter = async (ms: number): Promise<void> => {
    await time.pass(ms)
    trips.onFrame(frameKind.pong, n2, answerTo(pings.at(-1)))
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

test('a ping is answered with its own time and how long this process did not run; bytes that are none are not', () => {
  const sent: [NodeId, number[]][] = []
  const trips = new RoundTrips({
    environment: still().environment,
    others: () => [n2],
    send: (to, frame) => sent.push([to, [...frame]]),
    stalledMs: () => 258,
    onMeasured: () => {},
  })
  const time = [2, 1, 0, 0, 0, 0, 0, 0]
  const stalled = [2, 1, 0, 0, 0, 0, 0, 0]
  trips.onFrame(frameKind.ping, n2, Uint8Array.from(time))
  expect(sent).toEqual([[n2, [frameKind.pong, 0, 0, 0, 0, 0, 0, 0, 0, ...time, ...stalled]]])
  for (const garbage of [[], [1], [...time, 0], [...time, ...stalled, 0], [255, 255, 255, 255, 255, 255, 255, 255]]) {
    for (const kind of [frameKind.ping, frameKind.pong]) {
      if (kind === frameKind.pong && garbage.length === 17) continue
      expect(() => trips.onFrame(kind, n2, Uint8Array.from(garbage))).toThrow(BytesError)
    }
  }
  trips.onFrame(frameKind.pong, n2, Uint8Array.from([...time, ...stalled]))
  expect(sent).toHaveLength(1)
  expect(trips.of(n2)).toBeNull()
})

test.each(['this member', 'the other one'])(
  'answers that waited while %s slept say nothing of the link',
  async (who) => {
    const time = still()
    let stalledMs = 0
    const pings: Uint8Array[] = []
    const measured: number[] = []
    const trips = new RoundTrips({
      environment: time.environment,
      others: () => [n2],
      send: (_, frame) => pings.push(frame),
      stalledMs: () => (who === 'this member' ? stalledMs : 0),
      onMeasured: (_, ms) => measured.push(ms),
    })
    const answer = (ping: Uint8Array | undefined): void =>
      trips.onFrame(frameKind.pong, n2, answerTo(ping, who === 'this member' ? 0 : stalledMs))
    trips.start()
    for (const sleepMs of [20_000, 30_000]) {
      await time.pass(1_000)
      answer(pings.at(-1))
      const before = pings.length
      await time.pass(sleepMs)
      stalledMs += sleepMs
      for (const ping of pings.slice(before)) answer(ping)
    }
    await time.pass(1_000)
    const last = pings.at(-1)
    await time.pass(8)
    answer(last)
    // Those asked while both were awake, the ones of the moments of waking among them; then it is measured as before.
    expect(measured).toEqual([0, 0, 0, 0, 1])
    trips.stop()
  },
)
