import { challengeBytes, hexOfBytes, type Transport } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import {
  markedFrame,
  markOf,
  type TransportCase,
  type TransportClaim,
  type TransportNetwork,
  type TransportPeer,
} from './transport-peer.js'

/** Sends one frame from a member until it has arrived. */
function sendOne(from: TransportPeer, to: TransportPeer, mark: number): Promise<void> {
  return from.sendUntil(
    to,
    `has frame ${mark}`,
    () => from.send(to, markedFrame(mark, 10)),
    () => to.frames.some((arrival) => arrival.from === from.id && markOf(arrival.frame) === mark),
  )
}

/** Members that are not who they say they are. */
export const impostorCases: readonly TransportClaim[] = [
  {
    claim:
      'D16, F-42: a copy of a member that is refused, another incarnation or run of it, takes nothing from the original',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const b = await start({
        id: 'b',
        address: network.address(2),
        admit: async (peer, run) => (run === 'copy' ? { refuse: `another one runs as ${peer}` } : { peer }),
      })
      const original = await start({ id: 'a', address: network.address(1), run: 'original' })
      original.reach(b)
      await original.untilUp(b)
      await sendOne(original, b, 1)
      const copy = await start({ id: 'a', address: network.address(3), run: 'copy' })
      copy.reach(b)
      await copy.until('is refused', () => copy.linkTo(b)?.reason.includes('another one runs as a') === true)
      expectClaim(copy.send(b, markedFrame(2, 10)) === 'dropped', 'a copy that was refused could queue a frame')
      expectClaim(
        copy.links.every(({ state }) => state !== 'up'),
        'a copy that was refused was connected',
      )
      await sendOne(original, b, 3)
      expectClaim(original.links.length === 1, 'the link of the original has suffered')
      expectClaim(
        b.frames.every(({ frame }) => markOf(frame) !== 2),
        'a frame of the copy has arrived',
      )
    },
  },
]

/** Hellos answer what the other side has drawn for one connection, and are worth nothing on another. */
export const challengeCases: readonly TransportClaim[] = [
  {
    claim: 'D16: each side of each connection draws a challenge of its own, and is handed the hello that answers it',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const b = await start({ id: 'b', address: network.address(2) })
      const c = await start({ id: 'c', address: network.address(3) })
      const a = await start({ id: 'a', address: network.address(1) })
      a.reach(b, c)
      b.reach(a)
      await a.untilUp(b, c)
      await b.untilUp(a)
      const { address } = b
      await b.close()
      await a.until('loses the link', () => a.linkTo(b)?.state !== 'up')
      const successor = await start({ id: 'b', address })
      await a.untilUp(successor)
      const drawn = new Set<string>()
      for (const { heard } of [a, b, c, successor]) {
        for (const { challenge } of heard) {
          expectClaim(challenge.length === challengeBytes, `a challenge has ${challenge.length} bytes`)
          expectClaim(!drawn.has(hexOfBytes(challenge)), 'a challenge was drawn twice')
          drawn.add(hexOfBytes(challenge))
        }
      }
      const answered = new Set([a, b, c, successor].flatMap(({ said }) => said.map((one) => hexOfBytes(one.challenge))))
      expectClaim(drawn.size >= 8, `four connections have ${drawn.size} challenges, and each has two`)
      for (const one of drawn)
        expectClaim(answered.has(one), 'a host was given a challenge that the other side never saw')
    },
  },
  {
    claim: 'D16: a hello that was overheard is refused when it is said again, whoever dials',
    run: async ({ start, network }: TransportCase): Promise<void> => {
      const b = await start({ id: 'b', address: network.address(2) })
      const original = await start({ id: 'a', address: network.address(1) })
      original.reach(b)
      await original.untilUp(b)
      const { address } = original
      const [toB, ofB] = [b.heard[0]?.hello, original.heard[0]?.hello]
      await original.close()
      const asked = b.heard.length
      const repeating = await start({ id: 'a', address, ...(toB && { hello: toB }) })
      repeating.reach(b)
      await repeating.until('is refused', () => repeating.linkTo(b)?.reason.includes('another connection') === true)
      expectClaim(b.heard.length > asked, 'the host was not asked about a hello that came again')
      const again = await start({ id: 'b', address: network.address(3), ...(ofB && { hello: ofB }) })
      const dialler = await start({ id: 'a', address: network.address(4) })
      dialler.reach(again)
      await dialler.until('refuses', () => dialler.linkTo(again)?.reason.includes('another connection') === true)
      expectClaim(
        [...repeating.links, ...dialler.links].every(({ state }) => state !== 'up'),
        'a member was connected by a hello of another connection',
      )
    },
  },
]

/** A case for each transport that the members of a network do not let in, by what is wrong with it. */
export function strangerCases<Network extends TransportNetwork>(
  strangers: Readonly<Record<string, (network: Network) => Transport>>,
): readonly TransportClaim<Network>[] {
  return Object.entries(strangers).map(([what, strange]) => ({
    claim: `D17, D40: a stranger that ${what} is refused before the host is asked, and hears that it is`,
    run: async ({ start, network }: TransportCase<Network>): Promise<void> => {
      let asked = 0
      const b = await start({
        id: 'b',
        address: network.address(2),
        admit: async (peer) => {
          if (peer === 'a') asked += 1
          return { peer }
        },
      })
      const stranger = await start({ id: 'a', address: network.address(1), transport: strange(network) })
      stranger.reach(b)
      await stranger.until('is refused', () => stranger.linkTo(b)?.state === 'down')
      expectClaim(stranger.linkTo(b)?.reason !== '', 'a stranger was refused without a reason')
      expectClaim(stranger.send(b, markedFrame(1, 10)) === 'dropped', 'a stranger could queue a frame')
      const member = await start({ id: 'c', address: network.address(3) })
      member.reach(b)
      await member.untilUp(b)
      await sendOne(member, b, 2)
      expectClaim(asked === 0, 'a host was asked about a stranger')
      expectClaim(
        stranger.links.every(({ state }) => state !== 'up') && b.frames.every(({ from }) => from === 'c'),
        'a stranger was connected',
      )
    },
  }))
}
