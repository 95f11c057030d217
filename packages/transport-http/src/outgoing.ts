import type { ClientRequest, IncomingMessage } from 'node:http'
import {
  admitBy,
  describeError,
  type Channel,
  type Credentials,
  type DialEvents,
  type Dialled,
  type LinkEnding,
  type NodeId,
  type Random,
  type RunningTransport,
  type TransportHost,
} from '@quorate/contracts'
import { endingOf, endWords, type Certificates, type DialStage } from '@quorate/contracts/node'
import { Answer, readReason } from './answer.js'
import { Line } from './line.js'
import type { HttpSettings } from './options.js'
import { Requests } from './requests.js'
import { headerNames, pathOf, wireVersions } from './wire.js'

/** What links need to know of the transport they belong to. */
export interface Surroundings {
  readonly host: TransportHost
  readonly settings: HttpSettings
  readonly certificates: Certificates | undefined
  /** Dice for the jitter of redials. */
  readonly random: Random
}

/**
 * A link that this member has asked for: one request whose body is our hello and whose answer never ends. While that
 * goes on, frames leave in requests of their own; when it breaks, so has the peer.
 */
export class Outgoing implements Dialled {
  readonly #surroundings: Surroundings
  readonly #peer: NodeId
  readonly #base: URL
  readonly #events: DialEvents
  readonly #requests: Requests
  readonly #request: ClientRequest | undefined
  #lines: Readonly<Record<Channel, Line>> | undefined
  #cancelTimer: () => void = () => {}
  #silent = 0
  #ended = false

  constructor(surroundings: Surroundings, peer: NodeId, base: URL, events: DialEvents) {
    const { settings, certificates } = surroundings
    this.#surroundings = surroundings
    this.#peer = peer
    this.#base = base
    this.#events = events
    this.#requests = new Requests(base, peer, settings, certificates)
    this.#wait(settings.connectTimeoutMs, `did not answer for ${settings.connectTimeoutMs} ms`)
    this.#request = this.#dial()
  }

  send(channel: Channel, frame: Uint8Array): ReturnType<RunningTransport['send']> {
    return this.#lines?.[channel].offer(frame) ?? 'dropped'
  }

  /** Ends it without a word to whoever keeps it. */
  close(): void {
    this.#ended = true
    this.#cancelTimer()
    for (const line of Object.values(this.#lines ?? {})) line.close()
    this.#lines = undefined
    this.#request?.destroy()
    this.#requests.close()
  }

  #dial(): ClientRequest | undefined {
    const headers = {
      'content-type': 'application/octet-stream',
      [headerNames.versions]: `${wireVersions.oldest}-${wireVersions.newest}`,
    }
    let request: ClientRequest
    try {
      request = this.#requests.post(pathOf('link'), headers, {
        onPeer: (connected) => this.#greet(connected),
        onStranger: (what) => this.#fail(what),
      })
    } catch (error) {
      this.#failLater(`cannot be asked: ${describeError(error)}`)
      return undefined
    }
    request.on('error', (error) => this.#end(endingOf(error, this.#base.host, this.#dialStage())))
    const onClose = (): void => this.#fail(endWords[this.#dialStage()])
    request.once('close', onClose)
    request.once('response', (response) => {
      // From now on the answer says how it ends; a refusal would be lost in this.
      request.off('close', onClose)
      this.#onResponse(response)
    })
    return request
  }

  #greet(request: ClientRequest): void {
    if (this.#ended) return
    const { host, settings } = this.#surroundings
    this.#wait(settings.helloTimeoutMs, `sent no hello for ${settings.helloTimeoutMs} ms`)
    try {
      request.end(host.hello())
    } catch (error) {
      this.#fail(`cannot be greeted: ${describeError(error)}`)
    }
  }

  #onResponse(response: IncomingMessage): void {
    response.on('error', (error) => this.#end(endingOf(error, this.#base.host, 'up')))
    if (response.statusCode !== 200) {
      void readReason(response).then((reason) => this.#fail(`refused: ${reason}`))
      return
    }
    response.once('close', () => this.#fail(endWords.up))
    const credentials = this.#proved(response.socket)
    const answer = new Answer(response.headers, (hello) => void this.#onHello(hello, credentials, answer))
    if (answer.problem !== null) return this.#fail(answer.problem)
    response.on('data', (chunk: Buffer) => {
      this.#silent = 0
      answer.read(chunk)
      if (answer.problem !== null) this.#fail(answer.problem)
    })
  }

  async #onHello(hello: Uint8Array, credentials: Credentials, answer: Answer): Promise<void> {
    const admitted = await admitBy(this.#surroundings.host, hello, credentials)
    if (this.#ended) return
    if ('refuse' in admitted) return this.#fail(`was refused here: ${admitted.refuse}`)
    if (admitted.peer !== this.#peer) return this.#fail(`is member ${admitted.peer}, not ${this.#peer}`)
    this.#becomeUp(answer.link)
  }

  #becomeUp(link: string): void {
    const { host, settings } = this.#surroundings
    const { channelBytesMax, postTimeoutMs } = settings
    const owner = {
      environment: host.environment,
      requests: this.#requests,
      link,
      channelBytesMax,
      postTimeoutMs,
      onFailure: (what: string) => this.#fail(what),
    }
    this.#lines = { control: new Line(owner, 'control'), log: new Line(owner, 'log'), bulk: new Line(owner, 'bulk') }
    this.#listenLater()
    this.#events.onUp()
  }

  /**
   * Looks now and then whether the other side still gives signs of life. A machine that lost its power ends nothing.
   * Silent looks are counted rather than time, so that a stall of this very process accuses nobody.
   */
  #listenLater(): void {
    const { host, settings } = this.#surroundings
    const { beatIntervalMs, silenceTimeoutMs } = settings
    this.#cancelTimer()
    this.#cancelTimer = host.environment.setTimer(beatIntervalMs, () => {
      const silentMs = this.#silent * beatIntervalMs
      if (silentMs >= silenceTimeoutMs) return this.#fail(`has been silent for ${silentMs} ms`)
      this.#silent += 1
      this.#listenLater()
    })
  }

  #dialStage(): DialStage {
    if (this.#lines) return 'up'
    return this.#base.protocol === 'https:' ? 'tls' : 'plain'
  }

  #proved(socket: unknown): Credentials {
    const { certificates, settings } = this.#surroundings
    if (certificates) return certificates.credentialsOf(socket)
    return { name: null, how: settings.token === undefined ? 'none' : 'bearer' }
  }

  #wait(delayMs: number, what: string): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#surroundings.host.environment.setTimer(delayMs, () => this.#fail(what))
  }

  #failLater(what: string): void {
    this.#wait(0, what)
  }

  #fail(what: string): void {
    this.#end({ state: 'down', reason: `${this.#base.host} ${what}` })
  }

  #end(ending: LinkEnding): void {
    if (this.#ended) return
    this.close()
    this.#events.onEnd(ending)
  }
}
