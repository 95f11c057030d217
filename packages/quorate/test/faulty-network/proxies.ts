import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { nodeId, splitAddress, type NodeId, type Transport } from '@quorate/contracts'

/** What happens to members whose network is bad: on connections that they dial and on those that others dial. */
export type Fault =
  | 'none'
  /** 40 ms later, in the same order. */
  | 'latency'
  /** Every connection is broken off after 100 to 300 ms. */
  | 'lost connections'
  /** Nobody gets through, and who was through is cut off. */
  | 'cut'
  /** Connections are made and stay, and nothing comes out of them. */
  | 'half-open'
  /** As half-open, in one direction: what they send is lost, and what others send arrives. */
  | 'mute'
  /** The other direction: nothing reaches them, and what they send arrives. */
  | 'deaf'
  /** What is sent is taken in small pieces and with pauses. */
  | 'slow reader'
  /** Bytes come one by one. */
  | 'one byte at a time'

/** Of a connection, the direction away from the member that dialled, or towards it. */
type Direction = 'out' | 'back'

const latencyMs = 40
const slowBytes = 2_048
const slowPauseMs = 20
/** Of each piece, so many come alone; the rest comes as it is, for time's sake. */
const loneBytes = 64

/** The way from one member to another: a TCP proxy that a test makes good or bad as it likes. */
class Way {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  #fault: Fault = 'none'
  /** Directions in which nothing passes. */
  #lost: ReadonlySet<Direction> = new Set()
  target = ''
  #connectionsLost = 0

  constructor() {
    this.#server = createServer({ noDelay: true }, (near) => this.#onConnection(near))
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Connections that were half-open or slow do not recover: they are cut, as they would be by whoever repairs a network. */
  become(fault: Fault, lost: ReadonlySet<Direction> = new Set()): void {
    this.#fault = fault
    this.#lost = lost
    if (fault === 'cut' || fault === 'none') this.#cutAll()
    if (fault === 'lost connections') for (const pair of this.#pairs) this.#loseLater(pair)
  }

  async close(): Promise<void> {
    this.#cutAll()
    for (const timer of this.#timers) clearTimeout(timer)
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #onConnection(near: Socket): void {
    if (this.#fault === 'cut' || this.target === '') return void near.destroy()
    const far = connect({ ...splitAddress(this.target), noDelay: true })
    const pair = [near, far] as const
    this.#pairs.add(pair)
    if (this.#fault === 'lost connections') this.#loseLater(pair)
    for (const [from, to, direction] of [[near, far, 'out'] as const, [far, near, 'back'] as const]) {
      from.on('error', () => {})
      from.once('close', () => this.#cut(pair))
      from.on('data', (chunk: Buffer) => {
        if (!this.#lost.has(direction)) this.#pass(chunk, from, to)
      })
    }
  }

  #pass(chunk: Buffer, from: Socket, to: Socket): void {
    switch (this.#fault) {
      case 'latency':
        return this.#after(latencyMs, () => to.write(chunk))
      case 'slow reader':
        from.pause()
        for (let at = 0; at < chunk.length; at += slowBytes) to.write(chunk.subarray(at, at + slowBytes))
        return this.#after((slowPauseMs * chunk.length) / slowBytes, () => from.resume())
      case 'one byte at a time':
        for (let at = 0; at < Math.min(loneBytes, chunk.length); at += 1) to.write(chunk.subarray(at, at + 1))
        if (chunk.length > loneBytes) to.write(chunk.subarray(loneBytes))
        return
      default:
        to.write(chunk)
    }
  }

  #loseLater(pair: readonly [Socket, Socket]): void {
    this.#connectionsLost += 1
    this.#after(100 + (this.#connectionsLost % 5) * 50, () => {
      if (this.#fault === 'lost connections') this.#cut(pair)
    })
  }

  #after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer)
  }

  #cut(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair)
    for (const socket of pair) socket.destroy()
  }

  #cutAll(): void {
    for (const pair of this.#pairs) this.#cut(pair)
  }
}

/** A proxy for every ordered pair of members, and transports that go through them without knowing it. */
export class Proxies {
  readonly #ways = new Map<string, Way>()

  async listen(ids: readonly NodeId[]): Promise<void> {
    for (const from of ids) {
      for (const to of ids) {
        if (from === to) continue
        const way = new Way()
        await way.listen()
        this.#ways.set(`${from}>${to}`, way)
      }
    }
  }

  /** The transport of a member, whose peers are reached through proxies. */
  through(transport: Transport): Transport {
    return {
      start: async (host) => {
        const running = await transport.start(host)
        return {
          get address() {
            return running.address
          },
          setPeers: (peers) => {
            running.setPeers(
              new Map([...peers].map(([peer, address]) => [peer, this.#enter(host.self, peer, address)])),
            )
          },
          send: (to, frame, channel) => running.send(to, frame, channel),
          close: () => running.close(),
        }
      },
    }
  }

  /** Puts a fault on every way to and from these members. */
  strike(members: readonly NodeId[], fault: Fault): void {
    for (const [name, way] of this.#ways) {
      const [dialler, dialled] = name.split('>').map((id) => members.includes(nodeId(id)))
      if (dialler || dialled) way.become(fault, lostBy(fault, dialler === true, dialled === true))
    }
  }

  async close(): Promise<void> {
    for (const way of this.#ways.values()) await way.close()
  }

  #enter(from: NodeId, to: NodeId, address: string): string {
    const way = this.#ways.get(`${from}>${to}`)
    if (!way) return address
    way.target = address
    return way.address
  }
}

/** The directions that a fault of the dialler, of the dialled one or of both takes away. */
function lostBy(fault: Fault, dialler: boolean, dialled: boolean): ReadonlySet<Direction> {
  const lost = new Set<Direction>()
  const [mute, deaf] = [fault === 'half-open' || fault === 'mute', fault === 'half-open' || fault === 'deaf']
  if ((mute && dialler) || (deaf && dialled)) lost.add('out')
  if ((deaf && dialler) || (mute && dialled)) lost.add('back')
  return lost
}
