import { fixedLeader, type FixedLeaderMessage } from '@quorate/conformance'
import {
  nodeId,
  position,
  sequence,
  type Committed,
  type Input,
  type NodeId,
  type Outgoing,
  type Protocol,
  type ProtocolStart,
  type Ready,
  type Release,
  type SnapshotMeta,
} from '@quorate/contracts'
import { decodeRecord } from '../src/fixed-leader/record.js'

export const protocol = fixedLeader({ leader: nodeId('n1') })

type Act =
  | { readonly kind: 'apply'; readonly committed: Committed }
  | { readonly kind: 'install'; readonly meta: SnapshotMeta; readonly sequence: number }

/** What one Ready brings to the disk, its sequences counted from the first start. */
interface Write {
  readonly records: readonly Uint8Array[]
  readonly messages: readonly Outgoing<FixedLeaderMessage>[]
  readonly release: { readonly sequence: number; readonly snapshot: number } | null
}

/** A machine's state: the commands that made it, by position from 1. */
export interface Image {
  readonly meta: SnapshotMeta
  readonly machine: readonly number[]
}

/**
 * A bare member with all that a driver would give it: a slow disk with a journal that forgets at a release and images, of
 * which it keeps one through a crash, and a slow machine. It throws when an order of the ports is broken.
 */
export class Member {
  readonly start: ProtocolStart
  protocol!: Protocol<FixedLeaderMessage, never>
  readonly images = new Map<number, Image>()
  readonly sent: Outgoing<FixedLeaderMessage>[] = []
  /** What it took, without what differs from life to life; emptied by whoever looks at it. */
  taken: object[] = []
  committed: Committed[] = []
  machine: number[] = []
  /** The commands that would survive a crash: in the image that the journal relies on, and in the journal. */
  durable: readonly number[] = []
  fetching: { readonly from: NodeId; readonly meta: SnapshotMeta } | null = null
  #records: { readonly sequence: number; readonly bytes: Uint8Array }[] = []
  #released: Image | null = null
  #writing: Write[] = []
  #acts: Act[] = []
  #lastSequence = 0
  /** The sequence that an imported state calls 0. */
  #origin = 0

  constructor(start: ProtocolStart) {
    this.start = start
    this.restart()
  }

  /** Where the state starts after a crash; 0: with nothing. */
  get startsAt(): number {
    return this.#released?.machine.length ?? 0
  }

  get records(): number {
    return this.#records.length
  }

  /** Dies with all that was not durable, and recovers what was. */
  restart(): void {
    this.images.clear()
    if (this.#released) this.images.set(this.startsAt, this.#released)
    this.#writing = []
    this.#acts = []
    this.sent.length = 0
    this.committed = []
    this.machine = [...(this.#released?.machine ?? [])]
    this.fetching = null
    this.#origin = 0
    const recovery = protocol.recover({ ...this.start, snapshot: this.#released?.meta ?? null })
    for (const record of this.#records) recovery.record(sequence(record.sequence), record.bytes)
    this.protocol = recovery.finish()
    this.take()
  }

  /** Goes on as a member that was made from its exported state. */
  moveToCopy(): Uint8Array {
    const state = this.protocol.exportState()
    this.protocol = protocol.importState(state, this.start)
    this.#origin = this.#lastSequence
    return state
  }

  step(...inputs: readonly Input<FixedLeaderMessage, never>[]): void {
    for (const input of inputs) this.protocol.step(input)
    this.take()
  }

  take(): void {
    while (this.protocol.hasReady()) {
      const ready = this.protocol.takeReady()
      const { records, messagesAfterPersist: messages, installSnapshot, fetchSnapshot } = ready
      if (ready.messages.length > 0) throw new Error('it uses lane one')
      const firstSequence = ready.firstSequence + this.#origin
      this.taken.push({ ...ready, seq: null, firstSequence, release: ready.release?.snapshot })
      this.#writing.push({ records, messages, release: ready.release && this.#absolute(ready.release) })
      if (fetchSnapshot) this.#fetch(fetchSnapshot)
      if (installSnapshot) {
        this.#acts.push({ kind: 'install', meta: installSnapshot, sequence: firstSequence + records.length - 1 })
      }
      for (const committed of ready.committed) this.#acts.push({ kind: 'apply', committed })
      this.committed.push(...ready.committed)
    }
  }

  /** Makes the records of the oldest Readys durable together, and lets their lane two go (order 7.1). */
  persist(readys = Infinity): void {
    const done = this.#writing.splice(0, Math.min(readys, this.#writing.length))
    const records = done.flatMap((write) => write.records)
    if (records.length > 0) {
      for (const bytes of records) this.#records.push({ sequence: (this.#lastSequence += 1), bytes })
      const release = done.findLast((write) => write.release !== null)?.release
      if (release) this.#release(release.sequence, release.snapshot)
      this.durable = this.#fold()
    }
    for (const { messages } of done) this.sent.push(...messages)
    if (records.length > 0) this.step({ kind: 'persisted', sequence: sequence(this.#lastSequence - this.#origin) })
  }

  /** The machine does the oldest of what waits for it, strictly in order. */
  run(acts = Infinity): void {
    for (let left = acts; left > 0; left -= 1) {
      const act = this.#acts[0]
      if (!act || (act.kind === 'install' && act.sequence > this.#lastSequence)) break
      this.#acts.shift()
      if (act.kind === 'install') this.#install(act.meta)
      else this.#apply(act.committed)
      this.step({ kind: 'applied', position: position(this.machine.length) })
    }
  }

  /** An image of the machine as it is; null if there is nothing, or the core has installed beyond. */
  checkpoint(): Image | null {
    const meta = this.machine.length === 0 ? null : this.protocol.snapshotMeta(position(this.machine.length))
    return meta && { meta, machine: [...this.machine] }
  }

  saved(image: Image): void {
    this.images.set(image.meta.position, image)
    this.step({ kind: 'snapshotSaved', meta: image.meta })
  }

  /** Ends the fetch under way, with the image or without. */
  fetched(image: Image | null): void {
    const { meta } = this.fetching!
    this.fetching = null
    if (image) this.images.set(meta.position, { ...image, meta })
    this.step({ kind: image ? 'snapshotFetched' : 'snapshotFailed', meta })
  }

  takeSent(): Outgoing<FixedLeaderMessage>[] {
    return this.sent.splice(0)
  }

  /** A state that was imported has forgotten the sequences of what was durable by then: its journal forgets nothing. */
  #absolute({ sequence: first, snapshot }: Release): Write['release'] {
    return { sequence: first === 0 ? 0 : first + this.#origin, snapshot }
  }

  #fetch(wanted: NonNullable<Ready<FixedLeaderMessage>['fetchSnapshot']>): void {
    if (this.fetching) throw new Error('it fetches two snapshots at once')
    if (this.#acts.some(({ kind }) => kind === 'install')) throw new Error('it fetches while it installs')
    this.fetching = wanted
  }

  #apply({ position: at, command }: Committed): void {
    if (at !== this.machine.length + 1) throw new Error(`it applies ${at} behind ${this.machine.length}`)
    this.machine.push(valueOf(command!))
  }

  #install({ position: at }: SnapshotMeta): void {
    const image = this.images.get(at)
    if (!image) throw new Error(`it installs the snapshot at ${at}, of which it has no image`)
    if (at <= this.machine.length) throw new Error(`it installs ${at} over ${this.machine.length}`)
    this.machine = [...image.machine]
  }

  #release(first: number, at: number): void {
    const image = this.images.get(at)
    if (!image) throw new Error(`it releases to ${at}, of which it has no image`)
    if (first > this.#lastSequence) throw new Error(`it releases record ${first}, which is still to come`)
    this.#records = this.#records.filter((record) => record.sequence >= first)
    this.#released = image
    for (const other of [...this.images.keys()]) if (other < at) this.images.delete(other)
  }

  #fold(): readonly number[] {
    const durable = [...(this.#released?.machine ?? [])]
    for (const { bytes } of this.#records) {
      const record = decodeRecord(bytes)
      if (record.kind === 'snapshot') continue
      if (record.position > durable.length + 1) throw new Error(`its journal has a hole before ${record.position}`)
      durable[record.position - 1] = valueOf(record.command)
    }
    return durable
  }
}

/** Reads what `command` of the bare core wrote. */
export function valueOf(command: Uint8Array): number {
  return ((command[0] ?? 0) << 8) | (command[1] ?? 0)
}
