import type { ClusterTime, JsonValue, Members, NodeId, PeerProgress, Position } from '@quorate/contracts'
import type { Digest } from './digest.js'
import type { Warning } from './events.js'
import type { Pending, Queues, SnapshotStatus } from './queues.js'

/** Another member as this one reaches it. */
export interface PeerStatus {
  readonly id: NodeId
  /** `gone`: nobody listens at its address. */
  readonly link: 'up' | 'down' | 'gone'
  /** Why the link is not up, in words; null if it is, or was not tried yet. */
  readonly reason: string | null
  /** Smoothed, in milliseconds; null while it was not measured. */
  readonly roundTripMs: number | null
  /** The newest versions that it has announced to this run of this member, by name; null if it was not heard. */
  readonly supports: Readonly<Record<string, number>> | null
}

/** How a replica is, as plain JSON. */
export interface ReplicaStatus {
  readonly id: NodeId
  readonly state: 'running' | 'stopped'
  /** Why it stopped by itself, if it did. */
  readonly reason: string | null
  readonly clusterId: string
  readonly incarnation: string
  /** How often this member's storage was opened. */
  readonly starts: number
  /** `version`: the newest that this member's code knows. `activeVersion`: the one that the cluster runs at (decision D26). */
  readonly machine: { readonly name: string; readonly version: number; readonly activeVersion: number }
  /**
   * Versions of the machine and of each format that members read of each other, by name: active in the cluster, which is 1
   * for whatever is not named, and known to this member's code.
   */
  readonly versions: {
    readonly active: Readonly<Record<string, number>>
    readonly supported: Readonly<Record<string, number>>
  }
  readonly protocol: { readonly name: string; readonly state: JsonValue }
  readonly leadership: {
    readonly leader: NodeId | null
    readonly epoch: number
    readonly clientAddress: string | null
  }
  readonly members: Members
  /** The other members as this one reaches them. */
  readonly peers: readonly PeerStatus[]
  /** How far the followers are; empty unless this member leads. */
  readonly progress: readonly PeerProgress[]
  readonly lastApplied: Position
  /** Milliseconds of leadership since the cluster began, as of the last applied command. */
  readonly clusterTime: ClusterTime
  /** Sessions that are open. */
  readonly sessions: number
  readonly pending: Pending
  readonly queues: Queues
  readonly snapshot: SnapshotStatus
  readonly storage: { readonly survives: 'nothing' | 'machine'; readonly pressure: 'none' | 'low' | 'full' }
  /** Those that hold now, and what happened in the last ten minutes. */
  readonly warnings: readonly Warning[]
  /** Only when asked for: it reads the whole state. */
  readonly digest: Digest | null
}
