import {
  BytesError,
  decodeEnvelope,
  describeError,
  QuorateError,
  seededRandom,
  type ApplyContext,
  type ClusterTime,
  type Envelope,
  type Position,
  type StateMachine,
} from '@quorate/contracts'
import type { AppliedStamps, ClusterClock } from './cluster-clock.js'
import { digestOfCommand } from './sessions/command-digest.js'
import { decodeOpening } from './sessions/opening.js'
import { noSession, type KeptAnswer, type Opening, type SessionKey } from './sessions/session.js'
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

/** What else may come of something that was applied. */
export type Applied =
  | Outcome
  | { readonly kind: 'activated'; readonly active: Versions }
  /** These bytes are nothing that the active versions know: every member goes on without them. */
  | { readonly kind: 'skipped'; readonly reason: string }

/** How a command ended at the machine. */
type End = Pick<KeptAnswer, 'result' | 'refused'>

interface Ended {
  readonly key: SessionKey
  readonly sequence: number
  readonly command: Uint8Array
}

/**
 * Everything that is replicated: the machine, the sessions around it, cluster time, and the versions that are active. Equal
 * on every member at one position; a snapshot is all of it.
 *
 * What is committed and cannot be read is refused alike by every member, by what is active and never by what its own code
 * knows. Only a member whose code is too old for what was activated stops (decision D26).
 */
export class ReplicatedState {
  readonly machine: StateMachine
  readonly clock: ClusterClock
  readonly #supported: Versions
  /** The active versions of all but the machine, which knows its own. */
  #formats: Versions = new Map()
  /** Codec of everything that was applied so far; null before the first of it. */
  #codec: string | null = null
  sessions = new SessionTable()
  #toldUpTo: ClusterTime | null = null

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

  /** Up to when the machine was told what has expired, in this life; null: not yet. Commands tell it nothing. */
  get toldUpTo(): ClusterTime | null {
    return this.#toldUpTo
  }

  /** Applies one committed command. Null: nobody waits for it. */
  apply(bytes: Uint8Array, at: Position): Applied | null {
    const envelope = this.#envelopeIn(bytes)
    if ('unreadable' in envelope) return { kind: 'skipped', reason: envelope.unreadable }
    this.#checkCodec(envelope.codec, at)
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
        this.#toldUpTo = stamps.clusterTime
        return null
      case 'activate':
        return this.#activate(envelope, at)
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
    this.#codec = this.machine.codec
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
        return outcomeOf(verdict.kept, { key, sequence, command })
      case 'fresh': {
        const end = this.#applyToMachine(envelope, at, stamps)
        this.sessions.keep(verdict.session, sequence, { digest, ...end })
        return outcomeOf(end, { key, sequence, command })
      }
    }
  }

  #applyToMachine(envelope: Envelope, at: Position, stamps: AppliedStamps): End {
    const { machine } = this
    if (envelope.machineVersion > machine.activeVersion) return { result: nothing, refused: 'versionNotActive' }
    if (envelope.codec !== machine.codec) return { result: nothing, refused: 'noCommand' }
    const result = this.#withMachine(at, (context) => resultOrNull(machine, envelope.command, context), stamps)
    return result === null ? { result: nothing, refused: 'noCommand' } : { result, refused: null }
  }

  /** The bytes of a format that nobody has activated are read by nobody, also where later code could. */
  #envelopeIn(bytes: Uint8Array): Envelope | { readonly unreadable: string } {
    const [format = 0] = bytes
    const active = versionIn(this.#formats, 'envelope')
    if (format > active) return { unreadable: `it has envelope format ${format}, and ${active} is active` }
    try {
      return decodeEnvelope(bytes)
    } catch (error) {
      if (error instanceof BytesError) return { unreadable: error.message }
      throw error
    }
  }

  /** The codec of a machine never changes: code with another one would refuse what was applied before. */
  #checkCodec(codec: string, at: Position): void {
    this.#codec ??= codec
    if (this.#codec === this.machine.codec) return
    const message =
      `position ${at} follows commands in the codec ${this.#codec}, and the machine of this member has ${this.machine.codec}: ` +
      'deploy the machine with the codec of the cluster here'
    throw new QuorateError('FORMAT_TOO_NEW', message)
  }

  /** Never back: what is active already stays. Unreadable lists activate nothing. */
  #activate({ command }: Envelope, at: Position): Applied {
    const wanted = versionsOf(command)
    if (wanted === null) return { kind: 'skipped', reason: 'it activates what is no list of versions' }
    const beyond = versionBeyond(this.#supported, wanted)
    if (beyond !== null) {
      const message = `from position ${at} on ${beyond}: upgrade this member`
      throw new QuorateError('FORMAT_TOO_NEW', message)
    }
    const later = [...wanted].filter(([name, version]) => version > versionIn(this.active, name))
    this.#formats = sortedVersions([...this.#formats, ...later.filter(([name]) => name !== machineVersionName)])
    for (const [name, version] of later) {
      if (name === machineVersionName)
        this.#guarded(at, `it was brought to version ${version} by`, () => this.machine.activate(version))
    }
    return { kind: 'activated', active: this.active }
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

const nothing = new Uint8Array()

function outcomeOf({ result, refused }: End, ended: Ended): Outcome {
  return refused === null ? { kind: 'answered', ...ended, result } : { kind: 'refused', ...ended, why: refused }
}

/** Null: these bytes are no command of the active version, and nothing has changed. */
function resultOrNull(machine: StateMachine, command: Uint8Array, context: ApplyContext): Uint8Array | null {
  try {
    return machine.apply(command, context)
  } catch (error) {
    if (error instanceof QuorateError && error.code === 'INVALID_COMMAND') return null
    throw error
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
