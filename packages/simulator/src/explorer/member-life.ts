import {
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
import type { Explored } from './model.js'

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

/** One member at one moment: what it knows, what its disk holds, and what is on the way there. */
export interface MemberMoment {
  readonly state: Uint8Array
  readonly journal: readonly Uint8Array[]
  readonly writing: readonly Batch[]
  readonly facts: Facts
}

/** What a member becomes, and what it says at once. */
export interface Step {
  readonly moment: MemberMoment
  readonly sent: readonly Sent[]
}

/**
 * The moves of one member, each from a moment to the next. The core is made anew for each from its exported state, so
 * moves can be tried in any order. A machine applies at once what it is given.
 */
export class MemberLife<Message, Admin> {
  readonly id: NodeId
  readonly #explored: Explored<Message, Admin>
  readonly #start: ProtocolStart

  constructor(id: NodeId, ids: readonly NodeId[], explored: Explored<Message, Admin>) {
    this.id = id
    this.#explored = explored
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
  begin(journal: readonly Uint8Array[]): Step {
    const recovery = this.#explored.module.recover({ ...this.#start, random: seededRandom(0) })
    journal.forEach((record, at) => recovery.record(sequence(at + 1), record))
    return this.#settle(recovery.finish(), { journal, writing: [] }, [])
  }

  crash({ journal }: MemberMoment): Step {
    return this.begin(journal)
  }

  take(moment: MemberMoment, inputs: readonly Input<Message, Admin>[]): Step {
    const core = this.#coreOf(moment)
    for (const input of inputs) core.step(input)
    return this.#settle(core, moment, [])
  }

  propose(moment: MemberMoment, command: Uint8Array): Step {
    return this.take(moment, [{ kind: 'propose', token: token(1), command }])
  }

  receive(moment: MemberMoment, from: NodeId, bytes: Uint8Array): Step {
    return this.take(moment, [{ kind: 'receive', from, message: this.#explored.module.decode(bytes) }])
  }

  timeOut(moment: MemberMoment): Step {
    return this.take(moment, this.#explored.timeout)
  }

  beat(moment: MemberMoment): Step {
    return this.take(moment, this.#explored.beat)
  }

  /** The disk is done with the oldest records, and with them what waited for nothing else. */
  persist(moment: MemberMoment): Step {
    const [oldest, ...rest] = moment.writing
    if (oldest === undefined) throw new RangeError(`${this.id} writes nothing`)
    const free = rest.findIndex(({ records }) => records.length > 0)
    const waited = free < 0 ? rest : rest.slice(0, free)
    const core = this.#coreOf(moment)
    core.step({ kind: 'persisted', sequence: sequence(oldest.records.length) })
    const journal = [...moment.journal, ...oldest.records]
    const sent = [...oldest.messages, ...waited.flatMap(({ messages }) => messages)]
    return this.#settle(core, { journal, writing: rest.slice(waited.length) }, sent)
  }

  /** Tells one moment from another. */
  keyOf({ state, journal, writing }: MemberMoment): string {
    const queue = writing.map(({ records, messages }) => {
      const said = messages.map(({ to, bytes }) => `${to}${keyOf(bytes)}`)
      return [...records.map(keyOf), '/', ...said].join('\u{101}')
    })
    return [keyOf(state), ...journal.map(keyOf), ...queue].join('\u{100}')
  }

  /** In a core that was imported, what is durable is numbered up to 0, and what is being written from 1. */
  #coreOf({ state }: MemberMoment): Protocol<Message, Admin> {
    return this.#explored.module.importState(state, this.#start)
  }

  #settle(
    core: Protocol<Message, Admin>,
    disk: Pick<MemberMoment, 'journal' | 'writing'>,
    before: readonly Sent[],
  ): Step {
    const sent = [...before]
    const writing = [...disk.writing]
    while (core.hasReady()) {
      const ready = core.takeReady()
      sent.push(...this.#encoded(ready.messages))
      const later = this.#encoded(ready.messagesAfterPersist)
      if (ready.records.length === 0 && writing.length === 0) sent.push(...later)
      else if (ready.records.length + later.length > 0) writing.push({ records: ready.records, messages: later })
      const applied = ready.committed.at(-1)
      if (applied) core.step({ kind: 'applied', position: position(applied.position) })
    }
    const inspection = this.#explored.inspect(core)
    inspection.check()
    const state = this.#explored.normalize(core.exportState().slice())
    return { moment: { state, journal: disk.journal, writing, facts: factsOf(inspection) }, sent }
  }

  #encoded(messages: Ready<Message>['messages']): Sent[] {
    return messages.map(({ to, message }) => ({ to, bytes: this.#explored.module.encode(message, 0).slice() }))
  }
}
