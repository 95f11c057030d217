import type { Committed, NodeId, SnapshotMeta } from '@quorate/contracts'
import type { Raft } from '../../src/index.js'
import { BareDisk, type Image } from './disk.js'

/** What the applier does, strictly in the order of the Readys. */
export type Act =
  | { readonly kind: 'apply'; readonly committed: Committed }
  /** Once this record is durable. */
  | { readonly kind: 'install'; readonly meta: SnapshotMeta; readonly sequence: number }

/** One member of a schedule: a core, if it is up, with its disk and its machine, which is a chain of hashes. */
export class BareMember {
  readonly id: NodeId
  readonly disk = new BareDisk()
  core: Raft | null = null
  /** Handed to the applier up to here. */
  delivered = 0
  applied = 0
  hash = 0
  acts: Act[] = []
  /** A checkpoint that was taken and is not durable yet. */
  saving: Image | null = null
  fetching: { readonly from: NodeId; readonly meta: SnapshotMeta } | null = null

  constructor(id: NodeId) {
    this.id = id
  }

  /** A new life, on what the disk has. */
  start(core: Raft): void {
    const image = this.disk.snapshot
    this.core = core
    this.acts = []
    this.saving = this.fetching = null
    this.delivered = this.applied = image?.meta.position ?? 0
    this.hash = image?.hash ?? 0
  }

  /** One more command, or another state. */
  become(applied: number, hash: number): void {
    this.applied = applied
    this.hash = hash
  }
}

/** The state after one more command. */
export function chained(hash: number, command: Uint8Array | null): number {
  let next = Math.imul(hash ^ 0x9e37_79b9, 0x85eb_ca6b)
  for (const byte of command ?? [0]) next = Math.imul(next ^ byte, 0x0100_0193)
  return next >>> 0
}
