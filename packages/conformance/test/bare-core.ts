import {
  nodeId,
  position,
  seededRandom,
  sequence,
  token,
  type Committed,
  type Input,
  type Members,
  type Outgoing,
  type Protocol,
  type ProtocolModule,
  type ProtocolStart,
  type Ready,
} from '@quorate/contracts'

/** Founding members: `n1` and so on; an `l` in front makes a learner. */
export function founders(...ids: readonly string[]): Members {
  return ids.map((id) => ({
    id: nodeId(id),
    address: `${id}:1`,
    clientAddress: null,
    incarnation: null,
    role: id.startsWith('l') ? 'learner' : 'voter',
  }))
}

export function startOf(id: string, members: Members): ProtocolStart {
  const dice = { random: seededRandom(1), tickMs: 10 }
  return { self: nodeId(id), incarnation: 'i', bootstrap: members, snapshot: null, ...dice }
}

export const command = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 0xff)

/** A protocol without a driver: its disk is a list, which persists when it is told to, and its lanes are two lists. */
export class BareCore<Message> {
  readonly start: ProtocolStart
  readonly disk: Uint8Array[] = []
  readonly sent: Outgoing<Message>[] = []
  committed: Committed[] = []
  readys: Ready<Message>[] = []
  protocol: Protocol<Message, never>
  readonly #module: ProtocolModule<Message, never>
  #writing: Ready<Message>[] = []

  constructor(module: ProtocolModule<Message, never>, start: ProtocolStart) {
    this.#module = module
    this.start = start
    this.protocol = this.#recover()
  }

  #recover(): Protocol<Message, never> {
    const recovery = this.#module.recover(this.start)
    this.disk.forEach((record, at) => recovery.record(sequence(at + 1), record))
    return recovery.finish()
  }

  step(...inputs: readonly Input<Message, never>[]): Ready<Message>[] {
    for (const input of inputs) this.protocol.step(input)
    return this.take()
  }

  /** Takes what is ready: lane one leaves, records and lane two wait for {@link persist}. */
  take(): Ready<Message>[] {
    const taken: Ready<Message>[] = []
    while (this.protocol.hasReady()) {
      const ready = this.protocol.takeReady()
      taken.push(ready)
      this.readys.push(ready)
      this.#writing.push(ready)
      this.sent.push(...ready.messages)
      this.committed.push(...ready.committed)
    }
    return taken
  }

  propose(value: number): Ready<Message>[] {
    return this.step({ kind: 'propose', token: token(value), command: command(value) })
  }

  /** Makes the records of the oldest Readys durable, and lets their lane two go (order 7.1). */
  persist(readys = this.#writing.length): Ready<Message>[] {
    const done = this.#writing.splice(0, readys)
    const before = this.disk.length
    for (const ready of done) this.disk.push(...ready.records)
    for (const ready of done) this.sent.push(...ready.messagesAfterPersist)
    return this.disk.length > before ? this.step({ kind: 'persisted', sequence: sequence(this.disk.length) }) : []
  }

  /** Dies, with all that was not durable, and recovers. */
  restart(): void {
    this.#writing = []
    this.sent.length = 0
    this.committed = []
    this.readys = []
    this.protocol = this.#recover()
  }

  takeSent(): Outgoing<Message>[] {
    return this.sent.splice(0)
  }

  /** The commands it has handed to its machine. */
  get delivered(): number[] {
    return this.committed.map(({ command }) => ((command?.[0] ?? 0) << 8) | (command?.[1] ?? 0))
  }
}

/** Every random step that one member may take, without a network. */
export function randomInput(random: ReturnType<typeof seededRandom>, value: number): Input<never, never> {
  switch (random.nextInt(5)) {
    case 0:
      return { kind: 'readBarrier', token: token(value) }
    case 1:
      return { kind: 'tick', missed: random.nextInt(3) }
    case 2:
      return { kind: 'transfer', token: token(value), to: null }
    case 3:
      return { kind: 'changeMembers', token: token(value), members: [], ifVersion: position(0) }
    default:
      return { kind: 'propose', token: token(value), command: command(value) }
  }
}

/** Readys without their numbers, which begin again at 1 when a state is imported. */
export function withoutSeq<Message>(readys: readonly Ready<Message>[] = []): object[] {
  return readys.map((ready) => ({ ...ready, seq: null }))
}
