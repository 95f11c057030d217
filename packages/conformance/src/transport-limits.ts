import { frameBytesMax } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import { connectedPair, marksOn } from './transport-delivery.js'
import { claimedMark, markedFrame, markOf, type TransportCase, type TransportClaim } from './transport-peer.js'

/** More than any transport may let wait for one peer: so many frames of one mebibyte. */
const floodFrames = 512

/** Whoever has closed is listened to for so many turns. */
const turnsOfSilence = 200

/** Limits: of a frame, of what waits, of a transport's life. */
export const limitCases: readonly TransportClaim[] = [
  {
    claim: 'a frame of 8 MiB arrives',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      const frame = markedFrame(1, frameBytesMax)
      await a.sendUntil(
        b,
        'has the frame',
        () => a.send(b, frame, 'bulk'),
        () => b.frames.length > 0,
      )
      const arrived = b.frames[0]
      expectClaim(arrived?.frame.length === frameBytesMax && markOf(arrived.frame) === 1, 'the frame is another one')
    },
  },
  {
    claim: 'a larger frame is dropped, and the link goes on',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      const answer = a.send(b, new Uint8Array(frameBytesMax + 1), 'log')
      expectClaim(answer === 'dropped', 'a frame above 8 MiB was queued')
      await a.sendUntil(
        b,
        'has the next frame',
        () => a.send(b, markedFrame(2, 10), 'log'),
        () => b.frames.length > 0,
      )
      expectClaim(
        b.frames.every(({ frame }) => frame.length === 10),
        'the frame above 8 MiB arrived',
      )
    },
  },
  {
    claim: 'a full channel drops the new frame, the others do not notice, and what was queued arrives in order',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      const queued: number[] = []
      let mark = 0
      while (mark < floodFrames && a.send(b, markedFrame((mark += 1), 1024 * 1024), 'bulk') === 'queued')
        queued.push(mark)
      expectClaim(mark < floodFrames, `${floodFrames} MiB were queued in one turn: nothing bounds what waits`)
      expectClaim(a.send(b, markedFrame(1, 10), 'control') === 'queued', 'a full channel has filled another one')
      const last = queued.at(-1) ?? 0
      const sendMore = () => a.send(b, markedFrame((mark += 1), 10), 'bulk')
      await a.sendUntil(b, 'is past the flood', sendMore, () =>
        b.frames.some(({ frame, channel }) => channel === 'bulk' && claimedMark(frame) > last),
      )
      const arrived = marksOn(b, 'bulk')
      const known = new Set(queued)
      expectClaim(
        arrived.every((one) => known.has(one) || one > last + 1),
        'a frame that was said to be dropped arrived',
      )
      expectClaim(
        arrived.every((one, at) => at === 0 || one > (arrived[at - 1] ?? 0)),
        'the flood changed the order',
      )
    },
  },
  {
    claim: 'a frame to an unknown or unreached member is dropped',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const a = await start({ id: 'a', address: network.address(1) })
      const b = await start({ id: 'b', address: network.address(2) })
      expectClaim(a.send(b, markedFrame(1, 10)) === 'dropped', 'a frame to an unknown member was queued')
      a.reach(b)
      expectClaim(a.send(b, markedFrame(2, 10)) === 'dropped', 'a frame was queued before the link was up')
      await a.untilUp(b)
      a.reach()
      expectClaim(
        a.send(b, markedFrame(3, 10)) === 'dropped',
        'a frame to a member that is no peer any more was queued',
      )
      expectClaim(b.frames.length === 0, 'a dropped frame arrived')
    },
  },
  {
    claim: 'a transport closes while it sends and receives, and is silent from then on',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      for (let mark = 1; mark <= 2_000; mark += 1) {
        a.send(b, markedFrame(mark, 1_000), 'log')
        b.send(a, markedFrame(mark, 1_000), 'log')
      }
      await a.until('has a frame', () => a.frames.length > 0)
      await a.close()
      const told = a.frames.length + a.links.length
      expectClaim(a.send(b, markedFrame(1, 10)) === 'dropped', 'a closed transport has queued a frame')
      a.reach(b)
      await a.close()
      await b.until('sees the link end', () => b.linkTo(a)?.state !== 'up')
      await given.environment.yieldTurn()
      expectClaim(a.frames.length + a.links.length === told, 'a closed transport has called its host')
      expectClaim(b.send(a, markedFrame(1, 10)) === 'dropped', 'a frame to a member that has closed was queued')
    },
  },
  {
    claim: 'a transport that closes while it makes its connections is silent from then on',
    run: async ({ start, network, environment }: TransportCase): Promise<void> => {
      const b = await start({ id: 'b', address: network.address(2) })
      const a = await start({ id: 'a', address: network.address(1) })
      a.reach(b)
      b.reach(a)
      await a.close()
      const told = a.links.length
      await b.until('sees that nobody is there', () => b.linkTo(a) !== undefined && b.linkTo(a)?.state !== 'up')
      for (let turn = 0; turn < turnsOfSilence; turn += 1) await environment.yieldTurn()
      expectClaim(a.links.length === told && a.frames.length === 0, 'a closed transport has called its host')
    },
  },
]
