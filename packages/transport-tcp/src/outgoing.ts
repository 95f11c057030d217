import type { Socket } from 'node:net'
import {
  admitBy,
  challengeBytes,
  describeError,
  type Channel,
  type DialEvents,
  type Dialled,
  type LineLimit,
  type LinkEnding,
  type NodeId,
  type Random,
  type RunningTransport,
  type TransportHost,
} from '@quorate/contracts'
import { endingOf, endWords, type DialStage } from '@quorate/contracts/node'
import { FrameError, FrameReader } from './frame.js'
import { encodeChallenge, encodeHello, GreetingReader, HandshakeError, type Said } from './handshake.js'
import type { TcpSettings } from './options.js'
import { Outbox } from './outbox.js'
import type { Sockets } from './sockets.js'

/** What connections need to know of the transport they belong to. */
export interface Surroundings {
  readonly host: TransportHost
  readonly settings: TcpSettings
  readonly sockets: Sockets
  /** Dice for the jitter of redials. */
  readonly random: Random
  /** Lines about strangers: per address of theirs. */
  readonly lines: LineLimit
  /** The same for lines that are for debugging. */
  readonly debugLines: LineLimit
}

/**
 * A connection that this member has dialled: connects, exchanges challenges and hellos, and then only sends. What comes
 * back are answers to its pings.
 */
export class Outgoing implements Dialled {
  readonly #surroundings: Surroundings
  readonly #peer: NodeId
  readonly #address: string
  readonly #events: DialEvents
  readonly #socket: Socket
  /** What the other side's hello has to answer, drawn for this connection alone. */
  readonly #challenge: Uint8Array
  readonly #answers = new FrameReader(0, (kind) => this.#onAnswer(kind))
  #greeting = new GreetingReader('challenge')
  #stage: 'challenge' | 'greeting' | 'admitting' | 'up' | 'ended' = 'challenge'
  #outbox: Outbox | undefined
  #cancelTimer: () => void
  #unanswered = 0

  constructor(surroundings: Surroundings, peer: NodeId, address: string, events: DialEvents) {
    const { host, settings, sockets } = surroundings
    this.#challenge = host.environment.randomBytes(challengeBytes)
    this.#surroundings = surroundings
    this.#peer = peer
    this.#address = address
    this.#events = events
    this.#socket = sockets.dial(address)
    this.#cancelTimer = this.#after(settings.connectTimeoutMs, `did not answer for ${settings.connectTimeoutMs} ms`)
    this.#socket.once(sockets.connected, () => this.#greet())
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#end(endingOf(error, address, this.#dialStage())))
    this.#socket.on('close', () => this.#fail(endWords[this.#dialStage()]))
  }

  send(channel: Channel, frame: Uint8Array): ReturnType<RunningTransport['send']> {
    return this.#outbox?.offer(channel, frame) ?? 'dropped'
  }

  /** Ends it without a word to the link. */
  close(): void {
    this.#stage = 'ended'
    this.#cancelTimer()
    this.#outbox = undefined
    this.#answers.stop()
    this.#socket.destroy()
  }

  #greet(): void {
    const { settings, sockets } = this.#surroundings
    const { how, name } = sockets.credentialsOf(this.#socket)
    if (how === 'mutualTls' && name !== this.#peer) {
      return this.#fail(`shows a certificate for "${name ?? 'nobody'}", and ${this.#peer} is wanted`)
    }
    this.#cancelTimer()
    this.#cancelTimer = this.#after(settings.helloTimeoutMs, `sent no hello for ${settings.helloTimeoutMs} ms`)
    this.#socket.write(encodeChallenge(this.#challenge))
  }

  #read(chunk: Buffer): void {
    this.#unanswered = 0
    try {
      if (this.#stage === 'up') this.#answers.read(chunk)
      if (this.#stage === 'challenge' || this.#stage === 'greeting') this.#readGreeting(chunk)
    } catch (error) {
      if (error instanceof HandshakeError) this.#fail(`was not understood: ${error.message}`)
      else if (error instanceof FrameError) this.#fail(`broke the rules: ${error.message}`)
      else throw error
    }
  }

  #readGreeting(chunk: Buffer): void {
    const read = this.#greeting.read(chunk)
    if (!read) return
    const { greeting } = read
    if (greeting.kind === 'refusal') return this.#fail(`refused: ${greeting.reason}`)
    const { oldest, newest } = greeting.offered
    if (oldest !== newest) return this.#fail(`has chosen no wire format: it answered ${oldest} to ${newest}`)
    if (greeting.kind === 'hello') return void this.#onHello(greeting)
    this.#onChallenge(greeting)
    if (!this.#isEnded()) this.#readGreeting(chunk.subarray(read.used))
  }

  #onChallenge({ body, version }: Said): void {
    this.#greeting = new GreetingReader('hello')
    this.#stage = 'greeting'
    try {
      const hello = this.#surroundings.host.hello(body, this.#peer)
      this.#socket.write(encodeHello(hello, { oldest: version, newest: version }))
    } catch (error) {
      this.#fail(`cannot be greeted: ${describeError(error)}`)
    }
  }

  async #onHello({ body }: Said): Promise<void> {
    const { host, sockets } = this.#surroundings
    this.#stage = 'admitting'
    const admitted = await admitBy(host, body, sockets.credentialsOf(this.#socket), this.#challenge)
    if (this.#isEnded()) return
    if ('refuse' in admitted) return this.#fail(`was refused here: ${admitted.refuse}`)
    if (admitted.peer !== this.#peer) return this.#fail(`is member ${admitted.peer}, not ${this.#peer}`)
    this.#becomeUp()
  }

  #becomeUp(): void {
    const { host, settings } = this.#surroundings
    this.#cancelTimer()
    this.#stage = 'up'
    const onProgress = () => {
      this.#unanswered = 0
    }
    this.#outbox = new Outbox(this.#socket, settings.channelBytesMax, () => host.environment.yieldTurn(), onProgress)
    this.#probeLater()
    this.#events.onUp()
  }

  /**
   * Asks now and then whether the other side still reads. A machine that lost its power answers nothing, and the kernel
   * alone would wait for a quarter of an hour. Questions are counted rather than time, so that a stall of this very
   * process accuses nobody.
   */
  #probeLater(): void {
    const { host, settings } = this.#surroundings
    this.#cancelTimer = host.environment.setTimer(settings.probeIntervalMs, () => {
      const unansweredMs = this.#unanswered * settings.probeIntervalMs
      if (unansweredMs >= settings.probeTimeoutMs) return this.#fail(`has not answered for ${unansweredMs} ms`)
      this.#unanswered += 1
      this.#outbox?.probe('ping')
      this.#probeLater()
    })
  }

  #onAnswer(kind: string): void {
    if (kind !== 'pong') throw new FrameError(`a ${kind} frame came back on a connection that only sends`)
  }

  #after(delayMs: number, what: string): () => void {
    return this.#surroundings.host.environment.setTimer(delayMs, () => this.#fail(what))
  }

  #dialStage(): DialStage {
    if (this.#stage === 'up') return 'up'
    return this.#surroundings.settings.tls === undefined ? 'plain' : 'tls'
  }

  #isEnded(): boolean {
    return this.#stage === 'ended'
  }

  #fail(what: string): void {
    this.#end({ state: 'down', reason: `${this.#address} ${what}` })
  }

  #end(ending: LinkEnding): void {
    if (this.#stage === 'ended') return
    this.close()
    this.#events.onEnd(ending)
  }
}
