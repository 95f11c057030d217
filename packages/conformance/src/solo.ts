import {
  assert,
  ByteWriter,
  position,
  ProtocolFormatError,
  readySeq,
  sequence,
  type ByteReader,
  type Committed,
  type Input,
  type Members,
  type NodeId,
  type PeerProgress,
  type Position,
  type Protocol,
  type ProtocolModule,
  type ProtocolStart,
  type Ready,
  type ReadAnswer,
  type Sequence,
  type Settled,
  type SnapshotMeta,
  type Token,
} from '@quorate/contracts'
import { readWhole } from './read-whole.js'
import { readToken, writeToken } from './token-codec.js'

interface SoloEntry {
  readonly position: Position
  readonly sequence: Sequence
  readonly token: Token | null
  readonly command: Uint8Array
}

/**
 * The smallest protocol there is: one member that agrees with itself. Every command is a record, and is committed when
 * that record is durable.
 *
 * It exists so that the port has a second tenant and the driver can be tested without an algorithm.
 */
export function solo(): ProtocolModule<never, never> {
  return {
    name: 'solo',
    timing: null,
    recover(start) {
      const state = new Solo(start)
      return {
        record: (at, bytes) => state.recovered(at, bytes),
        finish: () => state,
      }
    },
    encode: () => {
      throw new TypeError('solo has no messages')
    },
    decode: () => {
      throw new ProtocolFormatError('solo has no messages')
    },
    encodeAdmin: () => {
      throw new TypeError('solo has no admin commands')
    },
    decodeAdmin: () => {
      throw new ProtocolFormatError('solo has no admin commands')
    },
    importState: (state, start) => readWhole(state, (reader) => new Solo(start).restore(reader)),
  }
}

class Solo implements Protocol<never, never> {
  readonly #self: NodeId
  readonly #members: Members
  readonly #entries: SoloEntry[] = []
  #persisted: Sequence = sequence(0)
  #taken = 0
  #deliveries = 0
  #announced = false
  #seq = 0
  #reads: ReadAnswer[] = []
  #settled: { token: Token; result: Settled }[] = []

  constructor(start: ProtocolStart) {
    this.#self = start.self
    this.#members = start.bootstrap ?? []
    assert(start.snapshot === null, 'solo starts without a snapshot')
    assert(this.#members.length === 1, 'solo has exactly one member')
  }

  get nextSequence(): Sequence {
    return sequence(this.#entries.length + 1)
  }

  recovered(at: Sequence, bytes: Uint8Array): void {
    assert(at === this.nextSequence, `record ${at} follows record ${this.nextSequence - 1}`)
    this.#append(bytes, null)
    this.#persisted = at
    this.#taken = at
  }

  step(input: Input<never, never>): void {
    switch (input.kind) {
      case 'propose':
        this.#append(input.command, input.token)
        return
      case 'persisted':
        assert(input.sequence >= this.#persisted, 'what is durable stays durable')
        this.#persisted = input.sequence
        return
      case 'readBarrier':
        this.#reads.push({ token: input.token, position: position(this.#persisted), validUntilTick: null })
        return
      case 'admin':
      case 'changeMembers':
      case 'transfer':
        this.#refuse(input.token)
        return
      default:
        return
    }
  }

  hasReady(): boolean {
    return (
      !this.#announced ||
      this.#taken < this.#entries.length ||
      this.#deliveries < this.#persisted ||
      this.#reads.length > 0 ||
      this.#settled.length > 0
    )
  }

  takeReady(): Ready<never> {
    const fresh = this.#entries.slice(this.#taken)
    const committed: Committed[] = this.#entries
      .slice(this.#deliveries, this.#persisted)
      .map(({ position, token, command }) => ({ position, epoch: 1, token, command }))
    const ready: Ready<never> = {
      seq: readySeq((this.#seq += 1)),
      messages: [],
      firstSequence: sequence(this.#taken + 1),
      records: fresh.map((entry) => entry.command),
      messagesAfterPersist: [],
      release: null,
      committed,
      reads: this.#reads,
      settled: this.#settled,
      leadership: this.#announced ? null : { leader: this.#self, epoch: 1 },
      members: this.#announced ? null : this.#members,
      fetchSnapshot: null,
      installSnapshot: null,
    }
    this.#taken = this.#entries.length
    this.#deliveries = this.#persisted
    this.#announced = true
    this.#reads = []
    this.#settled = []
    return ready
  }

  snapshotMeta(at: Position): SnapshotMeta | null {
    return { position: at, epoch: 1, members: this.#members, protocol: new Uint8Array() }
  }

  describe() {
    return { role: 'leader', lastPosition: this.#entries.length, persisted: this.#persisted }
  }

  progress(): readonly PeerProgress[] {
    return []
  }

  exportState(): Uint8Array {
    assert(!this.hasReady(), 'effects are taken before the state is exported')
    const writer = new ByteWriter().u53(this.#persisted).u32(this.#entries.length)
    this.#entries.forEach(({ command, token }, at) => {
      writer.bytes(command)
      writeToken(writer, at < this.#deliveries ? null : token)
    })
    return writer.finish()
  }

  /** Inverse of {@link exportState}, for a member that has only just been made. */
  restore(reader: ByteReader): this {
    this.#persisted = sequence(reader.u53())
    for (let left = reader.count(5); left > 0; left -= 1) this.#append(reader.bytes(), readToken(reader))
    this.#taken = this.#entries.length
    this.#deliveries = this.#persisted
    this.#announced = true
    return this
  }

  #append(command: Uint8Array, token: Token | null): void {
    const at = this.nextSequence
    this.#entries.push({ position: position(at), sequence: at, token, command })
  }

  #refuse(token: Token): void {
    const detail = 'solo has one member for ever'
    this.#settled.push({ token, result: { kind: 'refused', reason: 'unsupported', leader: this.#self, detail } })
  }
}
