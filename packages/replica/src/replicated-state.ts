import {
  BytesError,
  decodeEnvelope,
  describeError,
  QuorateError,
  seededRandom,
  type ApplyContext,
  type Envelope,
  type Position,
  type StateMachine,
} from '@quorate/contracts'
import type { AppliedStamps, ClusterClock } from './cluster-clock.js'
import { decodeOpening, type Opening } from './sessions/opening.js'
import { noSession, SessionTable } from './sessions/session-table.js'
import { readImageHead, writeImageHead } from './state-image.js'

/** What came of an applied command, for whoever waits for it. */
export type Outcome =
  | { readonly kind: 'answered'; readonly session: Position; readonly sequence: number; readonly result: Uint8Array }
  | {
      readonly kind: 'refused'
      readonly session: Position
      readonly sequence: number
      readonly code: 'SESSION_EXPIRED' | 'OVERLOADED'
    }
  /** `id` is null when the table of sessions is full. */
  | { readonly kind: 'opened'; readonly nonce: Uint8Array; readonly id: Position | null }

/**
 * Everything that is replicated: the machine, the sessions around it, and cluster time. Equal on every member at one
 * position; a snapshot is all of it.
 */
export class ReplicatedState {
  readonly machine: StateMachine
  readonly clock: ClusterClock
  sessions = new SessionTable()

  constructor(machine: StateMachine, clock: ClusterClock) {
    this.machine = machine
    this.clock = clock
  }

  /** Applies one committed command. Null: nobody waits for it. */
  apply(bytes: Uint8Array, at: Position): Outcome | null {
    const envelope = decodeEnvelope(bytes)
    const stamps = this.clock.apply({ clusterTime: envelope.clusterTime, wallMs: envelope.wallMs })
    this.sessions.expire(stamps.clusterTime)
    switch (envelope.kind) {
      case 'command':
        return this.#command(envelope, at, stamps)
      case 'openSession': {
        const opening = openingOf(envelope)
        if (!opening) return null
        const { nonce, timeoutMs } = opening
        return { kind: 'opened', nonce, id: this.sessions.open(nonce, timeoutMs, at, stamps.clusterTime) }
      }
      case 'clock':
        this.#withMachine(at, (context) => this.machine.expire(context), stamps)
        return null
      case 'activate': {
        const message = `position ${at} activates a version of the machine, which this version does not know: upgrade this member`
        throw new QuorateError('FORMAT_TOO_NEW', message)
      }
    }
  }

  /** Canonical bytes of the state at the call. */
  image(): AsyncIterable<Uint8Array> {
    return joined(writeImageHead(this.machine, this.clock.applied, this.sessions), this.machine.snapshot())
  }

  /** Replaces all of it by an image. */
  async restore(image: AsyncIterable<Uint8Array>): Promise<void> {
    const { stamps, sessions, rest } = await readImageHead(this.machine, image)
    await this.machine.restore(rest)
    this.sessions = sessions
    this.clock.restore(stamps)
  }

  /** When the machine or a session needs to hear the time, in cluster time. */
  nextDeadline(): number | null {
    const deadlines = [this.machine.nextDeadline(), this.sessions.nextDeadline()].filter((each) => each !== null)
    return deadlines.length === 0 ? null : Math.min(...deadlines)
  }

  #command(envelope: Envelope, at: Position, stamps: AppliedStamps): Outcome {
    const { session: id, sessionSequence: sequence, lowestUnacknowledged } = envelope
    if (id === noSession) {
      return { kind: 'answered', session: id, sequence: at, result: this.#applyToMachine(envelope, at, stamps) }
    }
    const verdict = this.sessions.judge(id, sequence, lowestUnacknowledged, stamps.clusterTime)
    switch (verdict.kind) {
      case 'refused':
        return { kind: 'refused', session: id, sequence, code: verdict.code }
      case 'repeated':
        return { kind: 'answered', session: id, sequence, result: verdict.result }
      case 'fresh': {
        const result = this.#applyToMachine(envelope, at, stamps)
        this.sessions.keep(verdict.session, sequence, result)
        return { kind: 'answered', session: id, sequence, result }
      }
    }
  }

  #applyToMachine(envelope: Envelope, at: Position, stamps: AppliedStamps): Uint8Array {
    const { machine } = this
    if (envelope.codec !== machine.codec || envelope.machineVersion > machine.version) {
      const message =
        `position ${at} was written for codec ${envelope.codec} and version ${envelope.machineVersion} of the machine; ` +
        `this member has ${machine.codec} and ${machine.version}: deploy the newer machine here`
      throw new QuorateError('FORMAT_TOO_NEW', message)
    }
    return this.#withMachine(at, (context) => machine.apply(envelope.command, context), stamps)
  }

  #withMachine<Result>(at: Position, run: (context: ApplyContext) => Result, stamps: AppliedStamps): Result {
    try {
      return run({ position: at, ...stamps, random: seededRandom(at) })
    } catch (error) {
      const message =
        `the machine "${this.machine.name}" threw while it applied position ${at}: ${describeError(error)}. ` +
        'Nothing after it was applied. Deploy a fixed machine on all members and start again: the position is applied by the new code. ' +
        `"quorate-storage inspect DIRECTORY --position ${at} --decode PROTOCOL" prints the command, with the package of the protocol in its place`
      throw new QuorateError('APPLY_FAILED', message, { cause: error })
    }
  }
}

/** Null: it is none. Whoever proposes one checks it, so that a committed one stops nobody. */
function openingOf({ command }: Envelope): Opening | null {
  try {
    return decodeOpening(command)
  } catch (error) {
    if (error instanceof BytesError) return null
    throw error
  }
}

async function* joined(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head
  yield* rest
}
