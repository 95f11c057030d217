import { channels, equalBytes, type Channel } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import { markedFrame, markOf, type TransportPeer, type TransportCase, type TransportClaim } from './transport-peer.js'

/** Two members that are connected, each to the other. */
export async function connectedPair({ start, network }: TransportCase): Promise<[TransportPeer, TransportPeer]> {
  const a = await start({ id: 'a', address: network.address(1) })
  const b = await start({ id: 'b', address: network.address(2) })
  a.reach(b)
  b.reach(a)
  await a.untilUp(b)
  await b.untilUp(a)
  return [a, b]
}

/** The numbers of the frames that arrived on a channel, in order of arrival. */
export function marksOn(receiver: TransportPeer, channel: Channel): number[] {
  return receiver.frames.filter((arrival) => arrival.channel === channel).map(({ frame }) => markOf(frame))
}

function expectRising(marks: readonly number[], where: string): void {
  marks.forEach((mark, at) => {
    const previous = marks[at - 1]
    expectClaim(previous === undefined || previous < mark, `${where}: frame ${mark} came after frame ${previous}`)
  })
}

/** Delivery: order, integrity, ownership of bytes. */
export const deliveryCases: readonly TransportClaim[] = [
  {
    claim:
      'frames of a channel arrive in the order in which they were sent, once at most, under the name that was admitted',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      let mark = 0
      const burst = () => {
        for (let sent = 0; sent < 300; sent += 1) {
          mark += 1
          for (const channel of channels) a.send(b, markedFrame(mark, 4 + (mark % 97)), channel)
        }
      }
      const enough = () => channels.every((channel) => b.frames.filter((one) => one.channel === channel).length >= 500)
      await a.sendUntil(b, 'has 500 frames on each channel', burst, enough)
      for (const channel of channels) expectRising(marksOn(b, channel), channel)
      expectClaim(
        b.frames.every(({ from }) => from === a.id),
        'a frame came under another name than that of its sender',
      )
    },
  },
  {
    claim: 'a frame of any length arrives unaltered, the empty one included',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      const lengths = [4, 5, 1_000, 4_096, 8_192, 8_193, 65_531, 65_536, 200_000, 3_000_001]
      const sendAll = () => {
        a.send(b, new Uint8Array(), 'control')
        lengths.forEach((length, mark) => a.send(b, markedFrame(mark, length), 'log'))
      }
      const arrived = () => new Set(b.frames.map(({ frame }) => frame.length))
      await a.sendUntil(b, 'has a frame of each length', sendAll, () => arrived().size === lengths.length + 1)
      for (const { frame, channel } of b.frames) {
        if (channel === 'control') expectClaim(frame.length === 0, 'an empty frame has grown')
        else expectClaim(frame.length === lengths[markOf(frame)], 'a frame has another length than it was sent with')
      }
    },
  },
  {
    claim: 'frames go both ways at once',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      await a.sendUntil(
        b,
        'has a frame',
        () => a.send(b, markedFrame(1, 100)),
        () => b.frames.length > 0,
      )
      await b.sendUntil(
        a,
        'has a frame',
        () => b.send(a, markedFrame(2, 100)),
        () => a.frames.length > 0,
      )
      expectClaim(
        a.frames.every(({ frame }) => markOf(frame) === 2),
        'a frame came back to its sender',
      )
    },
  },
  {
    claim: 'no frame is delivered within send',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      let sending = false
      let within = 0
      b.onArrival = () => {
        if (sending) within += 1
      }
      const send = () => {
        sending = true
        a.send(b, markedFrame(1, 10), 'control')
        sending = false
      }
      await a.sendUntil(b, 'has a frame', send, () => b.frames.length > 0)
      expectClaim(within === 0, 'a host was entered from within send')
    },
  },
  {
    claim: 'a frame belongs to its receiver alone: nobody else sees what it writes there',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      const c = await given.start({ id: 'c', address: given.network.address(3) })
      a.reach(b, c)
      await a.untilUp(b, c)
      const frame = markedFrame(7, 3_000)
      const original = markedFrame(7, 3_000)
      let altered = 0
      for (const receiver of [b, c]) {
        receiver.onArrival = (arrival) => {
          if (!equalBytes(arrival.frame, original)) altered += 1
          arrival.frame.fill(0xee)
        }
      }
      const sendTwice = () => {
        for (const receiver of [b, c, b, c]) a.send(receiver, frame, 'log')
      }
      await a.sendUntil(b, 'has two frames', sendTwice, () => b.frames.length >= 2)
      await a.sendUntil(c, 'has two frames', sendTwice, () => c.frames.length >= 2)
      expectClaim(altered === 0, 'a receiver saw what another one had written over its frame')
      expectClaim(equalBytes(frame, original), 'the sender saw what a receiver had written over its frame')
    },
  },
]
