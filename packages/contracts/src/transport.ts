import type { Environment } from './environment.js'
import type { NodeId } from './units.js'

/** Which queue a frame waits in: heartbeats, votes and requests · entries · snapshot chunks. */
export type Channel = 'control' | 'log' | 'bulk'

/** The channels, in the order in which a transport serves them. */
export const channels = ['control', 'log', 'bulk'] as const satisfies readonly Channel[]

/** The largest frame any transport has to carry, in bytes. */
export const frameBytesMax = 8 * 1024 * 1024

/** The length of a challenge, in bytes. Each side draws one of `environment.randomBytes` for every connection. */
export const challengeBytes = 16

/** What the connection itself proved about the peer. */
export interface Credentials {
  readonly name: string | null
  readonly how: 'mutualTls' | 'bearer' | 'none'
}

/** What a transport is given by whoever uses it. */
export interface TransportHost {
  readonly environment: Environment
  /** This member's name and the address its peers know: a transport listens there unless its own options say otherwise. */
  readonly self: NodeId
  readonly address: string
  /**
   * What is said to a peer on a new connection, both ways: it answers the challenge that the other side has drawn, and names
   * for whom it is. Opaque to the transport.
   */
  hello(challenge: Uint8Array, to: NodeId): Uint8Array
  /**
   * Decides who the other side is. All identity rules live in the driver; what it learns is durable before it answers.
   * `challenge` is what this side has drawn for this connection: {@link challengeBytes} random bytes that are used once, so
   * that a hello which was heard on another connection is refused.
   */
  admit(
    hello: Uint8Array,
    credentials: Credentials,
    challenge: Uint8Array,
  ): Promise<{ readonly peer: NodeId } | { readonly refuse: string }>
  /** The frame is the receiver's own. `malformed`: no member sends that, so the connection that brought it is ended. */
  onFrame(from: NodeId, channel: Channel, frame: Uint8Array): 'malformed' | void
  /** `gone`: redialled at once and refused, so no process listens there (decision D41). */
  onLink(peer: NodeId, state: 'up' | 'down' | 'gone', reason: string): void
}

/** A way for frames between members. */
export interface Transport {
  /** `process`: its frames never leave this process, so all members end together. Absent: they may. */
  readonly reach?: 'process'
  /** Resolves when it listens. */
  start(host: TransportHost): Promise<RunningTransport>
}

/**
 * A transport in use. Frames may be lost, never altered; order holds within a channel of one connection, and a later
 * connection never overtakes what an earlier one has delivered.
 */
export interface RunningTransport {
  /** Where it listens. */
  readonly address: string
  /** Whom to reach, and where. Others are no longer dialled. */
  setPeers(peers: ReadonlyMap<NodeId, string>): void
  /** Never blocks, never throws. `dropped`: the channel was full, or there is no connection; the frame is gone. */
  send(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped'
  close(): Promise<void>
}
