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
import { digestOfCommand } from './sessions/command-digest.js'
import { decodeOpening } from './sessions/opening.js'
import { noSession, type Opening, type SessionKey } from './sessions/session.js'
import { SessionTable, type SessionRefusal } from './sessions/session-table.js'
import { readImageHead, writeImageHead } from './state-image.js'
import { supportedVersions } from './versions/supported.js'
import {
  decodeVersions,
  firstVersion,
  machineVersionName,
  sortedVersions,
  versionBeyond,
  versionIn,
  type Versions,
} from './versions/version-list.js'

/** What came of an applied command, for whoever waits for it. `command` is what was applied under that count. */
export type Outcome =
  | (Ended & { readonly kind: 'answered'; readonly result: Uint8Array })
  | (Ended & { readonly kind: 'refused'; readonly why: SessionRefusal })
  /** `id` is null when there is no room for another session. */
  | { readonly kind: 'opened'; readonly opening: Opening; readonly id: Position | null }
  | { readonly kind: 'closed'; readonly key: SessionKey }

interface Ended {
  readonly key: SessionKey
  readonly sequence: number
  readonly command: Uint8Array
}

/**
 * Everything that is replicated: the machine, the sessions around it, cluster time, and the versions that are active. Equal
 * on every member at one position; a snapshot is all of it.
 */
export class ReplicatedState {
  readonly machine: StateMachine
  readonly clock: ClusterClock
  readonly #supported: Versions
  /** The active versions of all but the machine, which knows its own. */
  #formats: Versions = new Map()
  sessions = new SessionTable()

  /** `supported`: the newest version of everything that this member can be part of. */
  constructor(machine: StateMachine, clock: ClusterClock, supported: Versions = supportedVersions(machine, {})) {
    this.machine = machine
    this.clock = clock
    this.#supported = supported
  }

  /** What is active: version 1 of whatever is not named. */
  get active(): Versions {
    const { activeVersion } = this.machine
    return activeVersion === firstVersion
      ? this.#formats
      : sortedVersions([...this.#formats, [machineVersionName, activeVersion]])
  }

  /** The newest version of everything that this member can be part of. */
  get supported(): Versions {
    return this.#supported
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
        return opening && { kind: 'opened', opening, id: this.sessions.open(opening, at, stamps.clusterTime) }
      }
      case 'closeSession': {
        const key = keyOf(envelope)
        this.sessions.close(key)
        return { kind: 'closed', key }
      }
      case 'clock':
        this.#withMachine(at, (context) => this.machine.expire(context), stamps)
        return null
      case 'activate':
        this.#activate(envelope, at)
        return null
    }
  }

  /** Canonical bytes of the state at the call. */
  image(): AsyncIterable<Uint8Array> {
    return joined(writeImageHead(this.machine, this.active, this.clock.applied, this.sessions), this.machine.snapshot())
  }

  /** Replaces all of it by an image. */
  async restore(image: AsyncIterable<Uint8Array>): Promise<void> {
    const { active, stamps, sessions, rest } = await readImageHead(this.machine, this.#supported, image)
    await this.machine.restore(rest, versionIn(active, machineVersionName))
    this.#formats = sortedVersions([...active].filter(([name]) => name !== machineVersionName))
    this.sessions = sessions
    this.clock.restore(stamps)
  }

  /** When the machine or a session needs to hear the time, in cluster time. */
  nextDeadline(): number | null {
    const deadlines = [this.machine.nextDeadline(), this.sessions.nextDeadline()].filter((each) => each !== null)
    return deadlines.length === 0 ? null : Math.min(...deadlines)
  }

  /** A command of another cluster is one that a recovery has kept: it belongs to a session of that cluster. */
  #command(envelope: Envelope, at: Position, stamps: AppliedStamps): Outcome | null {
    const { session, sessionSequence: sequence, lowestUnacknowledged, command } = envelope
    if (session === noSession) {
      this.#applyToMachine(envelope, at, stamps)
      return null
    }
    const key = keyOf(envelope)
    const digest = digestOfCommand(command)
    const verdict = this.sessions.judge({ ...key, sequence, lowestUnacknowledged, digest }, stamps.clusterTime)
    switch (verdict.kind) {
      case 'refused':
        return { kind: 'refused', key, sequence, command, why: verdict.why }
      case 'repeated':
        return { kind: 'answered', key, sequence, command, result: verdict.result }
      case 'fresh': {
        const result = this.#applyToMachine(envelope, at, stamps)
        this.sessions.keep(verdict.session, sequence, digest, result)
        return { kind: 'answered', key, sequence, command, result }
      }
    }
  }

  #applyToMachine(envelope: Envelope, at: Position, stamps: AppliedStamps): Uint8Array {
    const { machine } = this
    if (envelope.codec !== machine.codec || envelope.machineVersion > machine.activeVersion) {
      const message =
        `position ${at} was written for codec ${envelope.codec} and version ${envelope.machineVersion} of the machine; ` +
        `active here are ${machine.codec} and ${machine.activeVersion}`
      throw new QuorateError('FORMAT_TOO_NEW', message)
    }
    return this.#withMachine(at, (context) => machine.apply(envelope.command, context), stamps)
  }

  /** Never back: what is active already stays. Unreadable lists activate nothing. */
  #activate({ command }: Envelope, at: Position): void {
    const wanted = versionsOf(command)
    if (wanted === null) return
    const beyond = versionBeyond(this.#supported, wanted)
    if (beyond !== null) {
      const message = `from position ${at} on ${beyond}: upgrade this member`
      throw new QuorateError('FORMAT_TOO_NEW', message)
    }
    const later = [...wanted].filter(([name, version]) => version > versionIn(this.active, name))
    this.#formats = sortedVersions([...this.#formats, ...later.filter(([name]) => name !== machineVersionName)])
    for (const [name, version] of later) {
      if (name === machineVersionName)
        this.#guarded(at, `it was activated at version ${version}, by`, () => this.machine.activate(version))
    }
  }

  #withMachine<Result>(at: Position, run: (context: ApplyContext) => Result, stamps: AppliedStamps): Result {
    return this.#guarded(at, 'it applied', () => run({ position: at, ...stamps, random: seededRandom(at) }))
  }

  #guarded<Result>(at: Position, during: string, run: () => Result): Result {
    try {
      return run()
    } catch (error) {
      const message =
        `the machine "${this.machine.name}" threw while ${during} position ${at}: ${describeError(error)}. ` +
        'Nothing after it was applied. Deploy a fixed machine on all members and start again: the position is applied by the new code. ' +
        `"quorate-storage inspect DIRECTORY --position ${at} --decode PROTOCOL" prints the command, with the package of the protocol in its place`
      throw new QuorateError('APPLY_FAILED', message, { cause: error })
    }
  }
}

function versionsOf(command: Uint8Array): Versions | null {
  try {
    return decodeVersions(command)
  } catch (error) {
    if (error instanceof BytesError) return null
    throw error
  }
}

function keyOf({ cluster, session, sessionNonce: nonce }: Envelope): SessionKey {
  return { cluster, session, nonce }
}

/** Null: it is none. Whoever proposes one checks it, so that a committed one stops nobody. */
function openingOf({ cluster, sessionNonce: nonce, command }: Envelope): Opening | null {
  try {
    return { cluster, nonce, ...decodeOpening(command) }
  } catch (error) {
    if (error instanceof BytesError) return null
    throw error
  }
}

async function* joined(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head
  yield* rest
}
