import {
  challengeBytes,
  hexOfBytes,
  isNodeId,
  type Channel,
  type NodeId,
  type RunningTransport,
  type Transport,
  type TransportHost,
} from '@quorate/contracts'
import { z } from 'zod'
import type { Line } from './message.js'
import type { Post } from './post.js'

/** How often a member that has not answered is greeted again, in milliseconds. */
const greetEveryMs = 200

const challenge = z.object({ challenge: z.base64() })
const hello = z.object({ hello: z.base64(), run: z.string(), challenge: z.base64() })
const welcome = z.object({ hello: z.base64(), run: z.string() })
const frame = z.object({
  run: z.string(),
  channel: z.enum(['control', 'log', 'bulk']),
  count: z.int().min(1),
  frame: z.base64(),
})

/** What this member knows about another. */
interface Peer {
  /** The life of the other side that was let in; frames of any other life are dropped. */
  run: string | null
  /** The last frame of each channel that came, and that went. */
  readonly received: Record<Channel, number>
  readonly sent: Record<Channel, number>
  /** The other side has let this one in. */
  isReached: boolean
  /** It was asked for a challenge, and has given none yet. */
  isAsked: boolean
  /** What its hello, and its welcome, have to answer: drawn when it is asked for, and used once. */
  ofHello: Uint8Array | null
  ofWelcome: Uint8Array | null
}

/**
 * Frames between members as messages of the Maelstrom protocol, in base64. A member asks for a challenge, answers it with
 * its hello and a challenge of its own, and is welcomed with a hello that answers that. It does so until it is.
 *
 * Its network loses, doubles and reorders messages; a transport may lose frames and must not do the others. So each frame
 * carries its number within its channel, and one that is not newer than the last is dropped.
 */
export function maelstromTransport(post: Post): Transport {
  return { start: async (host) => new MaelstromTransport(post, host) }
}

class MaelstromTransport implements RunningTransport {
  readonly address: string
  readonly #post: Post
  readonly #host: TransportHost
  readonly #run: string
  readonly #peers = new Map<NodeId, Peer>()
  #cancelTimer: () => void = () => {}

  constructor(post: Post, host: TransportHost) {
    this.#post = post
    this.#host = host
    this.address = host.address
    this.#run = hexOfBytes(host.environment.randomBytes(8))
    post.on('quorate_ask', (line) => this.#onAsk(line))
    post.on('quorate_challenge', (line) => this.#onChallenge(line))
    post.on('quorate_hello', (line) => void this.#onHello(line))
    post.on('quorate_welcome', (line) => void this.#onWelcome(line))
    post.on('quorate_frame', (line) => this.#onFrame(line))
    this.#greet()
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    for (const id of this.#peers.keys()) if (!peers.has(id)) this.#peers.delete(id)
    for (const id of peers.keys()) if (!this.#peers.has(id)) this.#peers.set(id, newPeer())
  }

  send(to: NodeId, bytes: Uint8Array, channel: Channel): 'queued' | 'dropped' {
    const peer = this.#peers.get(to)
    if (!peer?.isReached) return 'dropped'
    const count = (peer.sent[channel] += 1)
    this.#post.send(to, { type: 'quorate_frame', run: this.#run, channel, count, frame: base64(bytes) })
    return 'queued'
  }

  async close(): Promise<void> {
    this.#cancelTimer()
  }

  #greet(): void {
    for (const [id, peer] of this.#peers) {
      if (peer.isReached && peer.run !== null) continue
      peer.isAsked = true
      this.#post.send(id, { type: 'quorate_ask' })
    }
    this.#cancelTimer = this.#host.environment.setTimer(greetEveryMs, () => this.#greet())
  }

  #onAsk({ src }: Line): void {
    const id = this.#known(src)
    const peer = id === null ? undefined : this.#peers.get(id)
    if (id === null || !peer) return
    // One that no hello has answered is given again: the network may have doubled the question, or lost the answer.
    peer.ofHello ??= this.#host.environment.randomBytes(challengeBytes)
    this.#post.send(id, { type: 'quorate_challenge', challenge: base64(peer.ofHello) })
  }

  #onChallenge({ src, body }: Line): void {
    const said = challenge.safeParse(body).data
    const id = this.#known(src)
    const peer = id === null ? undefined : this.#peers.get(id)
    if (!said || id === null || !peer?.isAsked) return
    peer.isAsked = false
    peer.ofWelcome ??= this.#host.environment.randomBytes(challengeBytes)
    const own = { hello: this.#helloTo(id, said.challenge), challenge: base64(peer.ofWelcome) }
    this.#post.send(id, { type: 'quorate_hello', run: this.#run, ...own })
  }

  async #onHello({ src, body }: Line): Promise<void> {
    const said = hello.safeParse(body).data
    const id = this.#known(src)
    const asking = id === null ? undefined : this.#peers.get(id)
    const drawn = asking?.ofHello
    if (!said || id === null || !asking || !drawn) return
    asking.ofHello = null
    if (!(await this.#admit(id, said.run, said.hello, drawn))) return
    const answer = this.#helloTo(id, said.challenge)
    this.#post.send(id, { type: 'quorate_welcome', run: this.#run, hello: answer })
  }

  async #onWelcome({ src, body }: Line): Promise<void> {
    const said = welcome.safeParse(body).data
    const id = this.#known(src)
    const asked = id === null ? undefined : this.#peers.get(id)
    const drawn = asked?.ofWelcome
    if (!said || id === null || !asked || !drawn) return
    asked.ofWelcome = null
    const peer = await this.#admit(id, said.run, said.hello, drawn)
    if (!peer || peer.isReached) return
    peer.isReached = true
    this.#host.onLink(id, 'up', 'it answered')
  }

  async #admit(id: NodeId, run: string, said: string, drawn: Uint8Array): Promise<Peer | null> {
    const admitted = await this.#host.admit(fromBase64(said), { name: null, how: 'none' }, drawn)
    const peer = this.#peers.get(id)
    if ('refuse' in admitted || admitted.peer !== id || !peer) return null
    if (peer.run !== run) {
      if (peer.run !== null) this.#host.onLink(id, 'down', 'it has started again')
      Object.assign(peer, newPeer(), { run })
    }
    return peer
  }

  #helloTo(id: NodeId, given: string): string {
    return base64(this.#host.hello(fromBase64(given), id))
  }

  #onFrame({ src, body }: Line): void {
    const said = frame.safeParse(body).data
    const id = this.#known(src)
    const peer = id === null ? undefined : this.#peers.get(id)
    if (!said || id === null || peer?.run !== said.run || said.count <= peer.received[said.channel]) return
    peer.received[said.channel] = said.count
    this.#host.onFrame(id, said.channel, fromBase64(said.frame))
  }

  #known(src: string): NodeId | null {
    return isNodeId(src) && this.#peers.has(src) ? src : null
  }
}

function newPeer(): Peer {
  return {
    run: null,
    received: { control: 0, log: 0, bulk: 0 },
    sent: { control: 0, log: 0, bulk: 0 },
    isReached: false,
    isAsked: false,
    ofHello: null,
    ofWelcome: null,
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
