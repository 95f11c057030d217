import type { Socket } from 'node:net'
import { admitBy, challengeBytes, describeError, type NodeId, type WireVersions } from '@quorate/contracts'
import { encodeFrames, FrameError, FrameReader, type FrameKind } from './frame.js'
import { encodeHttpRefusal } from './foreign.js'
import {
  encodeChallenge,
  encodeHello,
  encodeRefusal,
  ForeignError,
  GreetingReader,
  HandshakeError,
  type Said,
} from './handshake.js'
import type { Surroundings } from './outgoing.js'

/** What an inbound connection tells the transport. `onEnd` comes once, in any case. */
export interface InboundEvents {
  onAdmitted(peer: NodeId): void
  onEnd(): void
}

/** A probe of an idle connection after this long finds machines that died without a word. */
const keepAliveMs = 5_000

const pong = Buffer.concat(encodeFrames([{ kind: 'pong', body: new Uint8Array() }]))

/** A connection that somebody else has dialled: exchanges challenges, waits for the hello, lets the host decide, and then only receives. */
export class Inbound {
  readonly #surroundings: Surroundings
  readonly #socket: Socket
  readonly #events: InboundEvents
  /** What the hello has to answer, drawn for this connection alone. */
  readonly #challenge: Uint8Array
  readonly #frames: FrameReader
  readonly #from: string
  readonly #address: string
  #greeting = new GreetingReader('challenge')
  /** What our hello has to answer, once it was said. */
  #theirs: Uint8Array | undefined
  #stage: 'greeting' | 'admitting' | 'receiving' | 'ending' | 'ended' = 'greeting'
  #peer: NodeId | undefined
  #cancelTimer: () => void

  constructor(surroundings: Surroundings, socket: Socket, events: InboundEvents) {
    const { host, settings } = surroundings
    this.#surroundings = surroundings
    this.#socket = socket
    this.#events = events
    this.#challenge = host.environment.randomBytes(challengeBytes)
    this.#address = socket.remoteAddress ?? 'somebody'
    this.#from = `${this.#address}:${socket.remotePort ?? 0}`
    this.#frames = new FrameReader(settings.frameBytesMax, (kind, body) => this.#onFrame(kind, body))
    this.#cancelTimer = host.environment.setTimer(settings.helloTimeoutMs, () => {
      this.refuse(`${this.isGreeting ? 'no hello' : 'no decision'} for ${settings.helloTimeoutMs} ms`)
    })
    socket.setKeepAlive(true, keepAliveMs)
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', (error) => this.close(error.message))
    socket.on('close', () => this.close('closed by the other side'))
  }

  /** True while nobody knows yet who this is. */
  get isGreeting(): boolean {
    return this.#stage === 'greeting'
  }

  /** Ends it, and tells the other side, in its own words, and the log why. */
  refuse(reason: string, encode: (reason: string) => Uint8Array = encodeRefusal): void {
    if (this.#stage === 'ended') return
    if (this.#stage === 'ending') return this.close('the refusal was not taken')
    this.#stage = 'ending'
    this.#frames.stop()
    this.#warn('refused', { from: this.#from, reason }, reason)
    this.#cancelTimer()
    const { host, settings } = this.#surroundings
    this.#cancelTimer = host.environment.setTimer(settings.helloTimeoutMs, () =>
      this.close('the refusal was not taken'),
    )
    this.#socket.end(encode(reason), () => this.close('refused'))
  }

  /** Ends it at once. The reason is for the log. */
  close(reason: string): void {
    if (this.#stage === 'ended') return
    this.#stage = 'ended'
    this.#frames.stop()
    this.#cancelTimer()
    this.#socket.destroy()
    const { settings, debugLines } = this.#surroundings
    if (debugLines.take(this.#address)) {
      settings.logger.debug({ from: this.#from, peer: this.#peer, reason }, 'a connection has ended')
    }
    this.#events.onEnd()
  }

  #read(chunk: Buffer): void {
    try {
      if (this.#stage === 'receiving') this.#frames.read(chunk)
      if (this.#stage === 'greeting') this.#readGreeting(chunk)
    } catch (error) {
      if (error instanceof ForeignError) this.refuse(error.message, encodeHttpRefusal)
      else if (error instanceof HandshakeError) this.refuse(error.message)
      else if (error instanceof FrameError) this.#breakOff(error)
      else throw error
    }
  }

  #readGreeting(chunk: Buffer): void {
    const read = this.#greeting.read(chunk)
    if (!read) return
    const { greeting } = read
    const rest = chunk.subarray(read.used)
    if (greeting.kind === 'refusal') return this.close(`refused by the other side: ${greeting.reason}`)
    if (this.#theirs === undefined) {
      this.#theirs = greeting.body
      this.#greeting = new GreetingReader('hello')
      this.#socket.write(encodeChallenge(this.#challenge, onlyVersion(greeting)))
      return this.#readGreeting(rest)
    }
    // Nothing is read while the host decides; a member that waits for our hello sends nothing meanwhile.
    this.#socket.pause()
    this.#stage = 'admitting'
    void this.#admit(greeting, this.#theirs, rest)
  }

  async #admit(said: Said, theirs: Uint8Array, rest: Buffer): Promise<void> {
    const { host, sockets } = this.#surroundings
    const admitted = await admitBy(host, said.body, sockets.credentialsOf(this.#socket), this.#challenge)
    if (this.#stage !== 'admitting') return
    if ('refuse' in admitted) return this.refuse(admitted.refuse)
    this.#cancelTimer()
    this.#peer = admitted.peer
    this.#stage = 'receiving'
    try {
      this.#socket.write(encodeHello(host.hello(theirs, admitted.peer), onlyVersion(said)))
    } catch (error) {
      return this.refuse(describeError(error))
    }
    this.#events.onAdmitted(admitted.peer)
    this.#read(rest)
    this.#socket.resume()
  }

  #onFrame(kind: FrameKind, body: Uint8Array): void {
    if (this.#peer === undefined || kind === 'pong') throw new FrameError(`a ${kind} frame has no place here`)
    if (kind !== 'ping') {
      if (this.#surroundings.host.onFrame(this.#peer, kind, body) !== 'malformed') return
      throw new FrameError(`a frame on ${kind} is nothing that a member sends`)
    }
    // Whoever asks without reading the answers gets no more of them.
    if (this.#socket.writableLength < 1_024) this.#socket.write(pong)
  }

  #warn(how: 'refused' | 'broken off', fields: object, reason: string): void {
    const { settings, lines } = this.#surroundings
    if (lines.take(`${how}: ${this.#address}`)) settings.logger.warn(fields, `a connection was ${how}: ${reason}`)
  }

  #breakOff(error: FrameError): void {
    const fields = { from: this.#from, peer: this.#peer, reason: error.message }
    this.#warn('broken off', fields, error.message)
    this.close(error.message)
  }
}

/** The version that is spoken from now on, as an answer names it. */
function onlyVersion({ version }: Said): WireVersions {
  return { oldest: version, newest: version }
}
