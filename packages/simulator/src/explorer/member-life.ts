import {
  compareIds,
  nodeId,
  position,
  seededRandom,
  sequence,
  sortedMembers,
  token,
  type Input,
  type NodeId,
  type Protocol,
  type ProtocolStart,
  type Ready,
} from '@quorate/contracts'
import { factsOf, type Facts } from './facts.js'
import { keyOf } from './interned.js'
import type { Bounds, Explored, Names, Outlook } from './model.js'

/** Something said from one member to another, as bytes. */
export interface Sent {
  readonly to: NodeId
  readonly bytes: Uint8Array
}

/** Records on their way to a disk, with what leaves when they are there. */
interface Batch {
  readonly records: readonly Uint8Array[]
  readonly messages: readonly Sent[]
}

/** What one member is made of: what it knows, what its disk holds, and what is on the way there. */
export interface MemberParts {
  readonly state: Uint8Array
  readonly journal: readonly Uint8Array[]
  readonly writing: readonly Batch[]
}

/** One member at one moment. */
export interface MemberMoment<Message> extends MemberParts {
  readonly facts: Facts
  readonly outlook: Outlook<Message>
}

/** What a member becomes, and what it says at once. */
export interface Step<Message> {
  readonly moment: MemberMoment<Message>
  readonly sent: readonly Sent[]
}

interface Recovered<Message, Admin> {
  readonly protocol: Protocol<Message, Admin>
  readonly state: Uint8Array
}

/**
 * The moves of one member, each from a moment to the next. The core is made anew for each from its exported state, so
 * moves can be tried in any order. A machine applies at once what it is given.
 *
 * The order in which messages leave at once does not count: the network keeps none. So what leaves together is a bag, or a
 * set if messages arrive as often as they like.
 */
export class MemberLife<Message, Admin> {
  readonly id: NodeId
  readonly #explored: Explored<Message, Admin>
  readonly #bounds: Bounds
  readonly #start: ProtocolStart
  readonly #recovered = new Map<string, Recovered<Message, Admin>>()

  constructor(id: NodeId, ids: readonly NodeId[], explored: Explored<Message, Admin>, bounds: Bounds) {
    this.id = id
    this.#explored = explored
    this.#bounds = bounds
    const members = ids.map((each) => ({
      id: nodeId(each),
      address: `${each}:1`,
      clientAddress: null,
      incarnation: each,
      role: 'voter' as const,
    }))
    this.#start = {
      self: id,
      incarnation: id,
      bootstrap: sortedMembers(members),
      snapshot: null,
      random: seededRandom(0),
      tickMs: 10,
    }
  }

  /** Starts on a journal. */
  begin(journal: readonly Uint8Array[]): Step<Message> {
    return this.#settle(this.#recover(journal), { journal, writing: [] }, [])
  }

  crash({ journal }: MemberParts): Step<Message> {
    return this.begin(journal)
  }

  take(parts: MemberParts, inputs: readonly Input<Message, Admin>[]): Step<Message> {
    const core = this.#coreOf(parts)
    for (const input of inputs) core.step(input)
    return this.#settle(core, parts, [])
  }

  propose(parts: MemberParts, command: Uint8Array): Step<Message> {
    return this.take(parts, [{ kind: 'propose', token: token(1), command }])
  }

  receive(parts: MemberParts, from: NodeId, message: Message): Step<Message> {
    return this.take(parts, [{ kind: 'receive', from, message }])
  }

  timeOut(parts: MemberParts): Step<Message> {
    return this.take(parts, this.#explored.timeout)
  }

  beat(parts: MemberParts): Step<Message> {
    return this.take(parts, this.#explored.beat)
  }

  /** The disk is done with the oldest records, and with them what waited for nothing else. */
  persist(parts: MemberParts): Step<Message> {
    const [oldest, ...writing] = parts.writing
    if (oldest === undefined) throw new RangeError(`${this.id} writes nothing`)
    const core = this.#coreOf(parts)
    core.step({ kind: 'persisted', sequence: sequence(oldest.records.length) })
    return this.#settle(core, { journal: [...parts.journal, ...oldest.records], writing }, oldest.messages)
  }

  /**
   * Tells one moment from another. Of a journal it matters only what is recovered from it: whatever is appended later is
   * folded into that.
   */
  keyOf({ state, journal, writing }: MemberParts): string {
    const queue = writing.map(({ records, messages }) => {
      const said = messages.map(({ to, bytes }) => `${to}${keyOf(bytes)}`)
      return [...records.map(keyOf), '/', ...said.sort(compareIds)].join('\u{101}')
    })
    return [keyOf(state), keyOf(this.#recoveredFrom(journal).state), ...queue].join('\u{100}')
  }

  /** The same moment, of the member that has this one's name then. */
  renamed({ state, journal, writing }: MemberParts, names: Names): MemberParts {
    const { renamed } = this.#explored
    const record = (bytes: Uint8Array): Uint8Array => renamed.record(bytes, names)
    const message = ({ to, bytes }: Sent): Sent => ({ to: names(to), bytes: renamed.message(bytes, names) })
    return {
      state: renamed.state(state, this.#start, names),
      journal: journal.map(record),
      writing: writing.map(({ records, messages }) => ({
        records: records.map(record),
        messages: messages.map(message),
      })),
    }
  }

  /** In a core that was imported, what is durable is numbered up to 0, and what is being written from 1. */
  #coreOf({ state }: MemberParts): Protocol<Message, Admin> {
    return this.#explored.module.importState(state, this.#start)
  }

  #recover(journal: readonly Uint8Array[]): Protocol<Message, Admin> {
    const recovery = this.#explored.module.recover({ ...this.#start, random: seededRandom(0) })
    journal.forEach((record, at) => recovery.record(sequence(at + 1), record))
    return recovery.finish()
  }

  #recoveredFrom(journal: readonly Uint8Array[]): Recovered<Message, Admin> {
    const key = journal.map(keyOf).join('\u{100}')
    let recovered = this.#recovered.get(key)
    if (recovered === undefined) {
      const protocol = this.#recover(journal)
      while (protocol.hasReady()) protocol.takeReady()
      recovered = { protocol, state: this.#explored.stateOf(protocol).slice() }
      this.#recovered.set(key, recovered)
    }
    return recovered
  }

  #settle(
    core: Protocol<Message, Admin>,
    disk: Pick<MemberParts, 'journal' | 'writing'>,
    before: readonly Sent[],
  ): Step<Message> {
    let sent = [...before]
    const writing = [...disk.writing]
    while (core.hasReady()) {
      const ready = core.takeReady()
      sent.push(...this.#encoded(ready.messages))
      const later = this.#encoded(ready.messagesAfterPersist)
      const last = ready.records.length > 0 ? { records: ready.records, messages: [] } : writing.pop()
      if (last) writing.push({ records: last.records, messages: this.#bag([...last.messages, ...later]) })
      else sent.push(...later)
      const applied = ready.committed.at(-1)
      if (applied) core.step({ kind: 'applied', position: position(applied.position) })
    }
    sent = this.#bag(sent)
    const inspection = this.#explored.inspect(core)
    inspection.check()
    const outlook = this.#explored.outlookOf(core, this.#recoveredFrom(disk.journal).protocol, this.#bounds)
    const state = this.#explored.stateOf(core).slice()
    return { moment: { state, journal: disk.journal, writing, facts: factsOf(this.id, inspection), outlook }, sent }
  }

  #bag(messages: Sent[]): Sent[] {
    if (this.#bounds.duplicates !== 'any' || messages.length < 2) return messages
    return [...new Map(messages.map((each) => [`${each.to}${keyOf(each.bytes)}`, each])).values()]
  }

  #encoded(messages: Ready<Message>['messages']): Sent[] {
    return messages.map(({ to, message }) => ({ to, bytes: this.#explored.module.encode(message, 0).slice() }))
  }
}
