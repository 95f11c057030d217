import {
  BytesError,
  compareIds,
  describeError,
  hexOfBytes,
  oneLine,
  ProtocolFormatError,
  QuorateError,
  type Channel,
  type Credentials,
  type Environment,
  type Input,
  type NodeId,
  type OpenStorage,
  type Outgoing,
  type ProtocolModule,
  type RunningTransport,
  type Transport,
  type TransportHost,
} from '@quorate/contracts'
import { admit, isToldStale } from './admission.js'
import type { Events } from './events.js'
import { frameKind, frameReserveBytes, vouchedIn, vouchIn } from './frame.js'
import { guarded } from './guarded-environment.js'
import { encodeHello, frameVersions, type Introduction } from './hello.js'
import type { IdentityFile } from './identity-file.js'
import type { LeaderView } from './leader-view.js'
import { ProgressKeeper } from './progress-keeper.js'
import type { Writer } from './writer.js'
import type { AnnouncedMachine } from './versions/command-lists.js'
import type { Versions } from './versions/version-list.js'

/** Reasons for a link that is down which do not pass by themselves. */
const asksForHelp =
  /MEMBER_IMPOSTOR|STALE_DIRECTORY|WRONG_CLUSTER|NOT_A_MEMBER|WRONG_MACHINE|WRONG_TRANSPORT|FORMAT_TOO_NEW/

/** What the peers' side needs of the driver. */
export interface PeersHost<Message, Admin> {
  readonly environment: Environment
  readonly protocol: ProtocolModule<Message, Admin>
  readonly identity: IdentityFile
  readonly storage: Pick<OpenStorage, 'pressure'>
  readonly journal: Pick<Writer<Message>, 'recovered' | 'persisted'>
  readonly address: string
  readonly machine: AnnouncedMachine
  readonly supports: Versions
  readonly events: Events
  readonly leader: LeaderView
  /** False when the mailbox is full: then the message is lost, as messages may be. */
  offer(input: Input<Message, Admin>): boolean
  post(input: Input<Message, Admin>): void
  fail(error: unknown): void
  /** A frame between drivers, of a kind that is not the protocol's. Throws `BytesError` if it is none. */
  onDriverFrame(kind: number, from: NodeId, body: Uint8Array): void
  onLink(peer: NodeId, state: 'up' | 'down' | 'gone'): void
  /** A frame came or went, or found no room. */
  onTraffic(way: 'sent' | 'received' | 'dropped', channel: Channel): void
}

/** The other members: who they are, what is said to them and what comes from them. */
export class Peers<Message, Admin> {
  readonly #host: PeersHost<Message, Admin>
  readonly #hello: Introduction
  readonly #keeper: ProgressKeeper
  readonly #links = new Map<NodeId, { readonly state: 'up' | 'down' | 'gone'; readonly reason: string }>()
  readonly #supports = new Map<NodeId, Versions>()
  #transport: RunningTransport | null = null
  #connections = 0
  #onMet: () => void = () => {}

  constructor(host: PeersHost<Message, Admin>) {
    this.#host = host
    this.#keeper = new ProgressKeeper(host)
    const { clusterId, self, incarnation, starts } = host.identity.current
    const run = hexOfBytes(host.environment.randomBytes(8))
    const { name: protocol } = host.protocol
    this.#hello = {
      clusterId,
      self,
      incarnation,
      starts,
      run,
      recovered: host.journal.recovered,
      protocol,
      versions: frameVersions,
      clientAddress: host.leader.clientAddressOf(self) ?? '',
      machine: host.machine,
      supports: host.supports,
    }
  }

  /** Resolves when the transport listens and, for a member that has started before, every other one was met. */
  async listen(transport: Transport): Promise<void> {
    this.#transport = await transport.start(this.#transportHost())
    this.reach()
    this.#keeper.start()
    const { timing } = this.#host.protocol
    if (timing !== null && this.#hello.starts > 1) await this.#untilMet(timing.patienceMs)
  }

  async close(): Promise<void> {
    this.#keeper.stop()
    await this.#transport?.close()
    await this.#host.identity.keep()
  }

  /** Tells the transport whom to reach: the members, at the addresses of the configuration, and nobody else. */
  reach(): void {
    const addresses = new Map<NodeId, string>()
    for (const member of this.#host.leader.members) addresses.set(member.id, member.address)
    addresses.delete(this.#hello.self)
    const sorted = [...addresses].sort(([left], [right]) => compareIds(left, right))
    this.#transport?.setPeers(new Map(sorted))
  }

  /** The members but this one. */
  others(): readonly NodeId[] {
    return this.#host.leader.members.flatMap(({ id }) => (id === this.#hello.self ? [] : [id]))
  }

  /** What a member has last said that it can be part of; null if it has said nothing to this run. */
  supportOf(peer: NodeId): Versions | null {
    return peer === this.#hello.self ? this.#hello.supports : (this.#supports.get(peer) ?? null)
  }

  /** True if the link to it is up, and of this member itself. */
  isReached(peer: NodeId): boolean {
    return peer === this.#hello.self || this.linkTo(peer) === 'up'
  }

  linkTo(peer: NodeId): 'up' | 'down' | 'gone' {
    return this.#links.get(peer)?.state ?? 'down'
  }

  /** Why the link to a peer is not up, as its transport says; null if it is, or was not tried yet. */
  whyDown(peer: NodeId): string | null {
    const link = this.#links.get(peer)
    return link === undefined || link.state === 'up' ? null : link.reason
  }

  send(messages: readonly Outgoing<Message>[]): void {
    for (const { to, channel, message } of messages) {
      const frame = this.#host.protocol.encode(message, frameReserveBytes)
      frame[0] = frameKind.protocol
      if (this.sendFrame(to, frame, channel) !== 'queued') {
        this.#host.post({ kind: 'dropped', peer: to, channel })
      }
    }
  }

  /** Sends a frame. Its first byte says what kind it is. */
  sendFrame(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped' {
    vouchIn(frame, this.#host.journal.persisted)
    const result = this.#transport?.send(to, frame, channel) ?? 'dropped'
    this.#host.onTraffic(result === 'queued' ? 'sent' : 'dropped', channel)
    return result
  }

  /**
   * Resolves when every other member has taken this one in or refused it, or cannot be reached, and after `withinMs` at the
   * latest. Until then a member that has started again says nothing: it may have less than it vouched for, and not know it.
   */
  async #untilMet(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#host.environment.setTimer(withinMs, resolve)
      this.#onMet = () => {
        if (this.others().some((peer) => !this.#links.has(peer))) return
        cancelTimer()
        resolve()
      }
      this.#onMet()
    })
    this.#onMet = () => {}
  }

  #transportHost(): TransportHost {
    const { environment, address } = this.#host
    const fail = (error: unknown): void => this.#host.fail(error)
    return {
      environment,
      self: this.#hello.self,
      address,
      hello: (challenge, to) => encodeHello({ ...this.#hello, challenge, to }),
      admit: (hello, credentials, challenge) => this.#admit(hello, credentials, challenge),
      onFrame: guarded((from, channel, frame) => this.#onFrame(from, channel, frame), fail),
      onLink: guarded((peer, state, reason) => this.#onLink(peer, state, oneLine(reason)), fail),
    }
  }

  #onLink(peer: NodeId, state: 'up' | 'down' | 'gone', reason: string): void {
    const { events } = this.#host
    this.#links.set(peer, { state, reason })
    events.log({ peer, link: state, reason }, `link to ${peer} ${state}: ${reason}`, `link to ${peer}`)
    this.#host.onLink(peer, state)
    this.#onMet()
    if (state === 'up') {
      this.#connections += 1
      events.over('PEER_REFUSED', peer)
      this.#host.post({ kind: 'linkUp', peer, connection: this.#connections })
      return
    }
    if (asksForHelp.test(reason)) events.warn('PEER_REFUSED', `link to ${peer}: ${reason}`, peer)
    if (isToldStale(reason, this.#hello.self)) {
      this.#host.fail(new QuorateError('STALE_DIRECTORY', `${peer} does not take this member: ${reason}`))
    }
    this.#host.post({ kind: 'linkDown', peer, gone: state === 'gone' })
  }

  async #admit(
    hello: Uint8Array,
    credentials: Credentials,
    challenge: Uint8Array,
  ): Promise<{ peer: NodeId } | { refuse: string }> {
    try {
      const { identity, leader } = this.#host
      const answer = await admit(hello, credentials, challenge, this.#hello, identity, (id) => leader.memberOf(id))
      if ('refuse' in answer) {
        this.#host.events.warn('PEER_REFUSED', answer.detail ?? answer.refuse)
        return { refuse: answer.refuse }
      }
      this.#supports.set(answer.peer, answer.supports)
      this.#onClientAddress(answer.peer, answer.clientAddress)
      return { peer: answer.peer }
    } catch (error) {
      this.#host.fail(error)
      return { refuse: `this member cannot keep what it learned: ${describeError(error)}` }
    }
  }

  /** Its own word is newer than what was agreed (decision D22). */
  #onClientAddress(peer: NodeId, clientAddress: string): void {
    const { leader, events } = this.#host
    if (clientAddress === '' || !leader.announce(peer, clientAddress)) return
    events.log({ peer, clientAddress }, `clients reach ${peer} at ${clientAddress}`, `clients of ${peer}`)
    events.emit('members', { members: leader.members })
  }

  /** Whatever a transport has admitted: only other members of the configuration are heard (decision 0017). */
  #isHeard(from: NodeId): boolean {
    return from !== this.#hello.self && this.#host.leader.memberOf(from) !== null
  }

  #onFrame(from: NodeId, channel: Channel, frame: Uint8Array): 'malformed' | void {
    if (!this.#isHeard(from)) return
    try {
      this.#read(from, channel, frame)
    } catch (error) {
      if (!(error instanceof BytesError || error instanceof ProtocolFormatError)) throw error
      const what = `${from} sent bytes on ${channel} that are no message: ${error.message}`
      this.#host.events.warn('BAD_FRAME', what, from)
      return 'malformed'
    }
  }

  /** Whoever reads frames, here, in the driver or in the protocol, throws one of those two for what no member sends. */
  #read(from: NodeId, channel: Channel, frame: Uint8Array): void {
    const persisted = vouchedIn(frame)
    const [kind = 0] = frame
    this.#host.onTraffic('received', channel)
    this.#host.identity.hear(from, persisted)
    const body = frame.subarray(frameReserveBytes)
    if (kind !== frameKind.protocol) return this.#host.onDriverFrame(kind, from, body)
    const message = this.#host.protocol.decode(body)
    this.#host.offer({ kind: 'receive', from, message })
  }
}
