import { QuorateError } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import { connectedPair, marksOn } from './transport-delivery.js'
import {
  claimedMark,
  markedFrame,
  markOf,
  type TransportCase,
  type TransportClaim,
  type TransportPeer,
} from './transport-peer.js'

/** A host that cannot decide keeps a connection waiting for so many turns. */
const turnsOfDoubt = 200

/** A small image: so many pieces of so many bytes. */
const imagePieces = 8
const pieceBytes = 256 * 1024

/** Links: who is admitted, and what is reported of them. */
export const linkCases: readonly TransportClaim[] = [
  {
    claim: 'a member whose process has gone is reported, and its successor at the same address is reached',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      await a.sendUntil(
        b,
        'has a frame',
        () => a.send(b, markedFrame(1, 10)),
        () => b.frames.length > 0,
      )
      const address = b.address
      await b.close()
      const lost = given.tellsGone ? 'gone' : 'down'
      await a.until(`sees ${lost}`, () => a.linkTo(b)?.state === lost)
      expectClaim(a.linkTo(b)?.reason !== '', 'a link went down without a reason')
      expectClaim(a.send(b, markedFrame(2, 10)) === 'dropped', 'a frame to a member that has gone was queued')
      const successor = await given.start({ id: 'b', address })
      await a.untilUp(successor)
      await a.sendUntil(
        successor,
        'has a frame',
        () => a.send(successor, markedFrame(3, 10)),
        () => successor.frames.length > 0,
      )
      expectClaim(
        successor.frames.every(({ frame }) => markOf(frame) === 3),
        'a frame for its predecessor has reached the successor',
      )
    },
  },
  {
    claim: 'a member that is refused hears the reason, and none of its frames are delivered',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const b = await start({
        id: 'b',
        address: network.address(2),
        admit: async () => ({ refuse: 'of another cluster' }),
      })
      const a = await start({ id: 'a', address: network.address(1) })
      a.reach(b)
      await a.until('is refused', () => a.linkTo(b)?.state === 'down')
      expectClaim(a.linkTo(b)?.reason.includes('of another cluster') === true, 'the reason of a refusal is lost')
      expectClaim(a.send(b, markedFrame(1, 10)) === 'dropped', 'a refused member could queue a frame')
      expectClaim(
        a.links.every(({ state }) => state !== 'up') && b.frames.length === 0,
        'a refused member was connected',
      )
    },
  },
  {
    claim: 'the side that dials decides as well, and checks that it has reached whom it wanted',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const refusing = await start({
        id: 'a',
        address: network.address(1),
        admit: async () => ({ refuse: 'unwanted' }),
      })
      const wanting = await start({ id: 'c', address: network.address(3) })
      const b = await start({ id: 'b', address: network.address(2), claims: 'another' })
      refusing.reach(b)
      wanting.reach(b)
      await refusing.until('refuses', () => refusing.linkTo(b)?.reason.includes('unwanted') === true)
      await wanting.until('finds another member', () => wanting.linkTo(b)?.reason.includes('another') === true)
      for (const dialler of [refusing, wanting]) {
        expectClaim(
          dialler.links.every(({ state }) => state !== 'up'),
          `${dialler.id} was connected to a member that it did not want`,
        )
      }
    },
  },
  {
    claim:
      'frames of a member that the host has admitted are delivered before we dial it, and it can be answered once we do',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const a = await start({ id: 'a', address: network.address(1) })
      const b = await start({ id: 'b', address: network.address(2) })
      a.reach(b)
      await a.untilUp(b)
      const sendOne = () => a.send(b, markedFrame(1, 10), 'control')
      await a.sendUntil(b, 'has a frame of a stranger', sendOne, () => b.frames.some(({ from }) => from === a.id))
      expectClaim(b.send(a, markedFrame(2, 10)) === 'dropped', 'a stranger could be answered on its own connection')
      b.reach(a)
      await b.untilUp(a)
      await b.sendUntil(
        a,
        'has the answer',
        () => b.send(a, markedFrame(2, 10)),
        () => a.frames.length > 0,
      )
    },
  },
  {
    claim: 'nothing is delivered before the host has decided',
    run: async ({ start, network, environment }: TransportCase): Promise<void> => {
      let decide: () => void = () => {}
      const decided = new Promise<void>((resolve) => {
        decide = resolve
      })
      let asked: () => void = () => {}
      const wasAsked = new Promise<void>((resolve) => {
        asked = resolve
      })
      const b = await start({
        id: 'b',
        address: network.address(2),
        admit: async (peer) => {
          asked()
          await decided
          return { peer }
        },
      })
      const a = await start({ id: 'a', address: network.address(1) })
      a.reach(b)
      await wasAsked
      for (let turn = 0; turn < turnsOfDoubt; turn += 1) {
        expectClaim(a.links.length === 0, 'a link was reported before the other side has decided')
        expectClaim(a.send(b, markedFrame(1, 10)) === 'dropped', 'a frame was queued before the other side has decided')
        await environment.yieldTurn()
      }
      decide()
      await a.untilUp(b)
      expectClaim(b.frames.length === 0, 'a frame that was dropped has arrived')
    },
  },
  {
    claim: 'a connection that brings what no member sends is ended at once, and may be made again',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const isMalformed = (frame: Uint8Array): boolean => markOf(frame) % 10 === 2
      const b = await start({ id: 'b', address: network.address(2), isMalformed })
      const a = await start({ id: 'a', address: network.address(1) })
      a.reach(b)
      await a.untilUp(b)
      let tens = 0
      const sendSome = () => {
        tens += 10
        for (const ones of [1, 2, 3, 4, 5]) a.send(b, markedFrame(tens + ones, 10), 'log')
      }
      await a.sendUntil(a, 'loses the link', sendSome, () => a.links.some(({ state }) => state !== 'up'))
      const ended = a.links.findIndex(({ state }) => state !== 'up')
      expectClaim(a.links[ended]?.reason !== '', 'a link went down without a reason')
      await a.until('is connected again', () => a.links.slice(ended).some(({ state }) => state === 'up'))
      await a.sendUntil(
        b,
        'has a frame of the next connection',
        () => a.send(b, markedFrame(9, 10), 'log'),
        () => b.frames.some(({ frame }) => markOf(frame) === 9),
      )
      const marks = new Set(marksOn(b, 'log'))
      for (const mark of marks) {
        const follows = mark % 10 > 2 && mark > 10
        const isLate = follows && marks.has(mark - (mark % 10) + 2)
        expectClaim(!isLate, `frame ${mark} was delivered on a connection that had brought what no member sends`)
      }
    },
  },
  {
    claim: 'a peer that moves to another address is reached there',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      await b.close()
      const moved = await given.start({ id: 'b', address: given.network.address(3) })
      const before = a.links.length
      a.reach(moved)
      await a.until('is connected to the new address', () => a.links.slice(before).some(({ state }) => state === 'up'))
      await a.sendUntil(
        moved,
        'has a frame',
        () => a.send(moved, markedFrame(1, 10)),
        () => moved.frames.length > 0,
      )
    },
  },
  {
    claim: 'a member that starts later is reached without being asked for again',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      const address = b.address
      await b.close()
      await a.until('loses the link', () => a.linkTo(b)?.state !== 'up')
      const late = await given.start({ id: 'b', address })
      await a.untilUp(late)
      expectClaim(a.linkTo(late)?.state === 'up', 'the link is not up')
    },
  },
  {
    claim: 'F-43: an image that is pulled in pieces is whole, although its giver died in the middle and came back',
    run: async (given: TransportCase): Promise<void> => {
      const [a, b] = await connectedPair(given)
      const pieces: Uint8Array[] = []
      const answer = (giver: TransportPeer): void => {
        giver.onArrival = ({ frame }) => void giver.send(a, markedFrame(claimedMark(frame), pieceBytes), 'bulk')
      }
      a.onArrival = ({ frame }) => {
        if (markOf(frame) === pieces.length) pieces.push(frame)
      }
      const pull = (giver: TransportPeer, count: number): Promise<void> =>
        a.sendUntil(
          a,
          `has ${count} pieces`,
          () => a.send(giver, markedFrame(pieces.length, 4), 'control'),
          () => {
            return pieces.length >= count
          },
        )
      answer(b)
      await pull(b, imagePieces / 2)
      const { address } = b
      await b.close()
      await a.until('loses the link', () => a.linkTo(b)?.state !== 'up')
      const successor = await given.start({ id: 'b', address })
      answer(successor)
      successor.reach(a)
      await a.untilUp(successor)
      await pull(successor, imagePieces)
      expectClaim(
        pieces.every((piece, at) => piece.length === pieceBytes && markOf(piece) === at),
        'the image was put together wrongly',
      )
    },
  },
  {
    claim: 'an address in use is refused with ADDRESS_IN_USE, which names it',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const a = await start({ id: 'a', address: network.address(1) })
      const refusal = await start({ id: 'b', address: a.address }).then(
        () => null,
        (error: unknown) => error,
      )
      expectClaim(refusal instanceof QuorateError, 'two members listen on one address')
      expectClaim(
        refusal.code === 'ADDRESS_IN_USE' && refusal.message.includes(a.address),
        `the refusal does not say what is in use: ${refusal.code} ${refusal.message}`,
      )
    },
  },
]
