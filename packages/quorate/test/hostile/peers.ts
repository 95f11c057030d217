/** What somebody does to the members who has a member's certificate, or who can read and write on their network. */
import {
  nodeId,
  seededRandom,
  type Channel,
  type Random,
  type RunningTransport,
  type Transport,
} from '@quorate/contracts'
import { createReplica, memoryStorage, raft } from 'quorate'
import { eventually } from '../faulty-network/cluster.js'
import { frameOf, framesOfLastTerm } from './frames.js'
import { notes } from './notes.js'
import type { Attack, Target } from './target.js'
import { certificatesIn, transportOf } from './transports.js'

/** A transport that says what its member would say, and beside that what the attacker wants. */
class Hijacked implements Transport {
  readonly #inner: Transport
  #running: RunningTransport | null = null
  #sentBytes = 0
  #answeredBytes = 0
  /** Of the links to other members: how often they came up, and why they went down. */
  readonly downs: string[] = []
  ups = 0

  constructor(inner: Transport) {
    this.#inner = inner
  }

  async start(host: Parameters<Transport['start']>[0]): ReturnType<Transport['start']> {
    this.#running = await this.#inner.start({
      ...host,
      onFrame: (from, channel, frame) => {
        this.#answeredBytes += frame.length
        return host.onFrame(from, channel, frame)
      },
      onLink: (peer, state, reason) => {
        if (state === 'up') this.ups += 1
        else this.downs.push(reason)
        host.onLink(peer, state, reason)
      },
    })
    return this.#running
  }

  get bytes(): { readonly sentBytes: number; readonly answeredBytes: number } {
    return { sentBytes: this.#sentBytes, answeredBytes: this.#answeredBytes }
  }

  /** False while there is no room, or no link. */
  send(to: string, frame: Uint8Array, channel: Channel): boolean {
    if (this.#running?.send(nodeId(to), frame, channel) !== 'queued') return false
    this.#sentBytes += frame.length
    return true
  }
}

/** Starts the third member, as the attacker has it: all that it does is what its code would do, and the attacker's frames. */
async function thirdMember({ members, transport, setting }: Target, id = 'c') {
  const hijacked = new Hijacked(
    transportOf(transport, certificatesIn(setting.certificates, 'c'), { listen: '127.0.0.1:0' }),
  )
  const replica = await createReplica({
    ...{ id, members, machine: notes, protocol: raft(), storage: memoryStorage(), transport: hijacked },
  })
  return { replica, hijacked }
}

/** What is well formed and would wedge a cluster: each is refused for what it says. */
const wedges: readonly Uint8Array[] = [
  ...framesOfLastTerm(),
  // A request for 256 KiB of an image that is not there, and a part of one of 2^50 bytes that nobody has asked for.
  frameOf(4).u53(1_000_000).u53(0).u32(0x4_0000).finish(),
  frameOf(5)
    .u8(0)
    .u53(1_000)
    .u53(0)
    .u53(2 ** 50)
    .bytes(new Uint8Array(32))
    .bytes(new Uint8Array(1_000))
    .finish(),
  // Answers to requests that nobody has made, and a barrier that nobody needs.
  frameOf(3).boolean(true).u53(77).u53(1_000).finish(),
  frameOf(2).u8(1).u53(78).finish(),
]

/** Frames in the name of a member that no member writes: bytes of chance behind each kind, short and long. */
function garbage(random: Random): Uint8Array {
  const frame = new Uint8Array(random.nextInt(4) === 0 ? random.nextInt(20) : 9 + random.nextInt(4_000))
  for (let at = 0; at < frame.length; at += 1) frame[at] = random.nextInt(256)
  if (frame.length > 0) frame[0] = 1 + random.nextInt(8)
  // Half of them vouch for a number that can be.
  if (frame.length > 8 && random.nextInt(2) === 0) frame.fill(0, 5, 9)
  return frame
}

/** Proposals of bytes that no machine writes, in the name of nobody's session. */
function proposal(random: Random, number: number): Uint8Array {
  const command = new Uint8Array(1 + random.nextInt(2_000)).map(() => random.nextInt(256))
  return frameOf(2, 0)
    .u8(0)
    .u53(number)
    .u8(0)
    .raw(new Uint8Array(16))
    .ascii('msgpack-1')
    .u32(1)
    .u53(0)
    .raw(new Uint8Array(16))
    .u53(number)
    .u53(0)
    .bytes(command)
    .finish()
}

/** How many frames, or directories, each attack consists of. */
export interface PeerSizes {
  readonly frames: number
  readonly directories: number
}

/** Each is for members of its own: they keep what they have learned of the third one. */
export const peerAttacks: readonly (readonly [
  name: string,
  attack: (target: Target, sizes: PeerSizes) => Promise<Attack>,
])[] = [
  // Each frame costs the link, which it makes again.
  ['frames of garbage', (target, { frames }) => asThird(target, frames / 10, garbage)],
  ['frames that would wedge', (target, { frames }) => asThird(target, frames, wedge)],
  ['proposals of garbage', (target, { frames }) => asThird(target, frames, proposal)],
  ['other directories and names under a certificate', secondCertificate],
]

/** A copy: a frame that was sent is its transport's. */
function wedge(random: Random): Uint8Array {
  return new Uint8Array(wedges[random.nextInt(wedges.length)] ?? [])
}

async function asThird(
  target: Target,
  count: number,
  frame: (random: Random, number: number) => Uint8Array,
): Promise<Attack> {
  const random = seededRandom(7)
  const { replica, hijacked } = await thirdMember(target)
  const channels = ['control', 'log', 'bulk'] as const
  const deadline = performance.now() + 120_000
  try {
    let sent = 0
    while (sent < count) {
      const isSent = hijacked.send(
        sent % 2 === 0 ? 'a' : 'b',
        frame(random, sent),
        channels[random.nextInt(3)] ?? 'log',
      )
      if (isSent) sent += 1
      if (performance.now() > deadline)
        throw new Error(`${sent} of ${count} frames were taken within two minutes: ${hijacked.downs.at(-1) ?? ''}`)
      // The link was ended for what was said, or is full: both pass.
      if (!isSent || sent % 64 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return { sent: count, ...hijacked.bytes }
  } finally {
    await replica.close()
  }
}

/**
 * With the certificate of the third member: comes with another directory each time, and in the name of another member.
 * `a` and `b` have met the third one, so all of it is refused.
 */
async function secondCertificate(target: Target, { directories }: PeerSizes): Promise<Attack> {
  const met = await thirdMember(target)
  await eventually(async () => met.hijacked.ups >= 2 || null)
  await met.replica.close()
  let [sentBytes, answeredBytes] = [0, 0]
  for (let at = 0; at < directories; at += 1) {
    const { replica, hijacked } = await thirdMember(target, at % 2 === 0 ? 'c' : 'b')
    await eventually(async () => hijacked.downs.some((reason) => /refused|certificate/.test(reason)) || null)
    await replica.close()
    if (hijacked.ups > 0) throw new Error('a second directory, or another name, was let in')
    sentBytes += hijacked.bytes.sentBytes
    answeredBytes += hijacked.bytes.answeredBytes
  }
  return { sent: directories, sentBytes, answeredBytes }
}
