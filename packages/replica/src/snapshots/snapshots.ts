import {
  QuorateError,
  type Channel,
  type Environment,
  type Input,
  type NodeId,
  type OpenStorage,
  type Position,
  type SnapshotMeta,
} from '@quorate/contracts'
import type { Applier, Install } from '../applier.js'
import { frameKind } from '../frame.js'
import type { Queues, SnapshotStatus } from '../queues.js'
import type { ReplicatedState } from '../replicated-state.js'
import { Checkpoints, type CheckpointLimits } from './checkpoints.js'
import { SnapshotFetcher, type FetchOptions } from './snapshot-fetcher.js'
import { SnapshotInstall } from './snapshot-install.js'
import { SnapshotSender } from './snapshot-sender.js'
import type { WarnOfSnapshot } from './warn.js'

/** What the snapshot side needs of the driver. */
export interface SnapshotsHost {
  readonly environment: Environment
  readonly storage: OpenStorage
  readonly state: ReplicatedState
  readonly applier: Applier
  readonly limits: CheckpointLimits & FetchOptions & { readonly snapshotBytesPerSecond: number }
  readonly warn: WarnOfSnapshot
  metaAt(position: Position): SnapshotMeta | null
  post(input: Input<never, never>): void
  send(to: NodeId, frame: Uint8Array, channel: Channel): 'queued' | 'dropped'
  /** Resolves when every record so far is durable. */
  written(): Promise<void>
  /** Nothing was applied for so long, because the state was read. */
  onHeld(ms: number): void
  /** A snapshot of this member's own is durable, or one of another member has replaced the state. */
  onSnapshot(how: 'saved' | 'installed', at: Position): void
}

/**
 * The driver's snapshot side (decision D7): checkpoints of its own, images that others pull, the image that this member
 * pulls, and putting it in the place of the state. The protocol says what is wanted; no image ever passes through `step`.
 */
export class Snapshots {
  readonly #host: SnapshotsHost
  readonly #checkpoints: Checkpoints
  readonly #sender: SnapshotSender
  readonly #fetcher: SnapshotFetcher
  readonly #install: SnapshotInstall

  constructor(host: SnapshotsHost, since: Position) {
    const { environment, storage, state, applier, warn, limits } = host
    const send = (to: NodeId, frame: Uint8Array, channel: Channel) => host.send(to, frame, channel)
    this.#host = host
    this.#checkpoints = new Checkpoints(
      {
        environment,
        storage,
        warn,
        metaAt: (position) => host.metaAt(position),
        image: () => state.image(),
        hold: state.machine.snapshotHoldsApply ? () => applier.hold() : null,
        onHeld: (ms) => host.onHeld(ms),
        onSaved: (meta) => {
          host.post({ kind: 'snapshotSaved', meta })
          host.onSnapshot('saved', meta.position)
        },
      },
      limits,
      since,
    )
    this.#sender = new SnapshotSender(
      { environment, storage, warn, send, onUnreadable: () => this.#checkpoints.renew() },
      limits,
    )
    this.#install = new SnapshotInstall({ environment, storage, restore: (image) => state.restore(image) })
    this.#fetcher = new SnapshotFetcher(
      {
        environment,
        storage,
        warn,
        send,
        onFetched: (meta, source) => {
          this.#install.hold(meta, source)
          host.post({ kind: 'snapshotFetched', meta })
        },
        onFailed: (meta) => host.post({ kind: 'snapshotFailed', meta }),
      },
      limits,
    )
  }

  get status(): SnapshotStatus {
    return this.#checkpoints.status
  }

  get queues(): Pick<Queues, 'imageParts' | 'images'> {
    const images = this.#sender.openImages + Number(this.#fetcher.isFetching) + Number(this.#install.isHolding)
    return { imageParts: this.#sender.waiting, images }
  }

  /** Everything up to `at` is applied, and the commands since the last call have so many bytes. */
  onApplied(at: Position, commandBytes: number): void {
    this.#install.onApplied(at)
    this.#checkpoints.onApplied(at, commandBytes)
  }

  /** A frame of another member's driver, of a kind that belongs here or not. */
  onFrame(kind: number, from: NodeId, body: Uint8Array): void {
    if (kind === frameKind.snapshotRequest) this.#sender.onFrame(from, body)
    if (kind === frameKind.snapshotChunk) this.#fetcher.onFrame(from, body)
  }

  onLink(peer: NodeId, state: 'up' | 'down' | 'gone'): void {
    this.#fetcher.onLink(peer, state)
  }

  /** Pulls the image that the protocol wants. */
  fetch(from: NodeId, meta: SnapshotMeta): void {
    this.#fetcher.fetch(from, meta)
  }

  /** Puts a snapshot in the place of the state, once the records that decided so are durable. */
  install(meta: SnapshotMeta): Install {
    return async () => {
      await this.#checkpoints.pause()
      await this.#host.written()
      await this.#install.install(meta)
      this.#checkpoints.resume(meta.position)
      this.#host.onSnapshot('installed', meta.position)
      return meta.position
    }
  }

  /** Takes a snapshot of everything that is applied. Resolves with its position when it is durable. */
  take(): Promise<Position> {
    return this.#checkpoints.take()
  }

  async close(): Promise<void> {
    this.#fetcher.close()
    this.#checkpoints.refuse(new QuorateError('STOPPED', 'this replica has stopped', { outcome: 'notDone' }))
    await Promise.all([this.#checkpoints.pause(), this.#sender.close(), this.#install.close()])
  }
}
