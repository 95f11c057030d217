import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import {
  admitBy,
  challengeBytes,
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
import { Answer, readChallenge, readReason } from './answer.js'
import { textOfChallenge } from './challenges.js'
import { Line } from './line.js'
import type { HttpSettings } from './options.js'
import { Requests } from './requests.js'
import { headerNames, pathOf, wireVersions, type Place } from './wire.js'

/** What links need to know of the transport they belong to. */
export interface Surroundings {
  readonly host: TransportHost
  readonly settings: HttpSettings
  readonly certificates: Certificates | undefined
  /** Dice for the jitter of redials. */
  readonly random: Random
}

/**
 * A link that this member has asked for: one request for a challenge, and then one whose body is our hello, which answers
 * that, and whose answer never ends. While that goes on, frames leave in requests of their own; when it breaks, so has the peer.
 */
export class Outgoing implements Dialled {
  readonly #surroundings: Surroundings
  readonly #peer: NodeId
  readonly #base: URL
  readonly #events: DialEvents
  readonly #requests: Requests
  /** What the hello in the answer has to answer, drawn for this link alone. */
  readonly #challenge: Uint8Array
  #request: ClientRequest | undefined
  #lines: Readonly<Record<Channel, Line>> | undefined
  #cancelTimer: () => void = () => {}
  #silent = 0
  #ended = false

  constructor(surroundings: Surroundings, peer: NodeId, base: URL, events: DialEvents) {
    const { host, settings, certificates } = surroundings
    this.#challenge = host.environment.randomBytes(challengeBytes)
    this.#surroundings = surroundings
    this.#peer = peer
    this.#base = base
    this.#events = events
    this.#requests = new Requests(base, peer, settings, certificates)
    this.#wait(settings.connectTimeoutMs, `did not answer for ${settings.connectTimeoutMs} ms`)
    this.#ask()
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

  /** Asks for the challenge that our hello has to answer. From its connection on, `helloTimeoutMs` is for all of it. */
  #ask(): void {
    const onPeer = (request: ClientRequest): void => {
      if (this.#ended) return
      const { helloTimeoutMs } = this.#surroundings.settings
      this.#wait(helloTimeoutMs, `sent no hello for ${helloTimeoutMs} ms`)
      request.end()
    }
    this.#post('challenge', { 'content-length': 0 }, onPeer, (response) => void this.#onChallenge(response))
  }

  async #onChallenge(response: IncomingMessage): Promise<void> {
    const challenge = await readChallenge(response)
    if (this.#ended) return
    if (challenge === null) return this.#fail('is no member of a cluster: it gave no challenge')
    const headers = {
      'content-type': 'application/octet-stream',
      [headerNames.answers]: textOfChallenge(challenge),
      [headerNames.challenge]: textOfChallenge(this.#challenge),
    }
    const onPeer = (request: ClientRequest): void => this.#greet(request, challenge)
    this.#post('link', headers, onPeer, (link) => this.#onLink(link))
  }

  #post(
    place: Place,
    headers: OutgoingHttpHeaders,
    onPeer: (request: ClientRequest) => void,
    onAnswer: (response: IncomingMessage) => void,
  ): void {
    let request: ClientRequest
    const offer = { [headerNames.versions]: `${wireVersions.oldest}-${wireVersions.newest}` }
    try {
      const onStranger = (what: string): void => this.#fail(what)
      request = this.#requests.post(pathOf(place), { ...headers, ...offer }, { onPeer, onStranger })
    } catch (error) {
      return this.#failLater(`cannot be asked: ${describeError(error)}`)
    }
    this.#request = request
    request.on('error', (error) => this.#end(endingOf(error, this.#base.host, this.#dialStage())))
    const onClose = (): void => this.#fail(endWords[this.#dialStage()])
    request.once('close', onClose)
    request.once('response', (response) => {
      // From now on the answer says how it ends; a refusal would be lost in this.
      request.off('close', onClose)
      response.on('error', (error) => this.#end(endingOf(error, this.#base.host, 'up')))
      if (response.statusCode === 200) onAnswer(response)
      else void readReason(response).then((reason) => this.#fail(`refused: ${reason}`))
    })
  }

  #greet(request: ClientRequest, challenge: Uint8Array): void {
    if (this.#ended) return
    try {
      request.end(this.#surroundings.host.hello(challenge, this.#peer))
    } catch (error) {
      this.#fail(`cannot be greeted: ${describeError(error)}`)
    }
  }

  #onLink(response: IncomingMessage): void {
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
    const admitted = await admitBy(this.#surroundings.host, hello, credentials, this.#challenge)
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
