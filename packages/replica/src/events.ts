import {
  callGuarded,
  describeError,
  LineLimit,
  oneLine,
  type Environment,
  type Leadership,
  type Logger,
  type Members,
  type Position,
} from '@quorate/contracts'

/** The stable names of warnings. */
export type WarningCode =
  /** An even number of voters: one failure more stops it than the next smaller cluster, and none fewer. */
  | 'EVEN_CLUSTER'
  /** The `members` given differ from those the cluster was founded with; the founded ones hold (decision D19). */
  | 'MEMBERS_DIFFER'
  /** The journal ended in a batch that no mark covers, and that batch was dropped (decision D4). */
  | 'TAIL_CUT'
  /** A peer and this member could not agree that they belong together. */
  | 'PEER_REFUSED'
  /** A peer sent bytes that are no message. */
  | 'BAD_FRAME'
  /** A snapshot was not written, sent or fetched; it is tried again (decision D5). */
  | 'SNAPSHOT_FAILED'
  /** Nothing was applied while the state was encoded (decision D29). */
  | 'APPLY_HELD'
  /** Something that was committed is nothing that any member knows, and all of them went on without it (decision D26). */
  | 'ENTRY_SKIPPED'
  /** Members in several processes or machines, and a storage that forgets with its process. */
  | 'MEMORY_STORAGE'
  /** A round trip is long for the election timeout. */
  | 'TIGHT_ELECTION_TIMEOUT'
  /** The event loop stood still for longer than a heartbeat. */
  | 'LOOP_STALLED'
  /** A write took longer than a heartbeat. */
  | 'DISK_STALLED'
  /** Clients hold most of the sessions that the cluster has room for. */
  | 'SESSIONS_NEARLY_FULL'
  /** A clock of this machine jumped. */
  | 'CLOCK_JUMPED'

/** Something that an operator should look at. */
export interface Warning {
  readonly code: WarningCode
  readonly message: string
  /** When it was said, by the wall clock of this machine, in milliseconds. */
  readonly wallMs: number
}

/** What happened at a moment: no longer told by `status()` after {@link momentMs}. The others hold until they are over. */
const ofAMoment: ReadonlySet<WarningCode> = new Set<WarningCode>([
  ...(['LOOP_STALLED', 'DISK_STALLED', 'CLOCK_JUMPED', 'APPLY_HELD', 'BAD_FRAME'] as const),
  ...(['PEER_REFUSED', 'SNAPSHOT_FAILED'] as const),
])
const momentMs = 600_000

/** Events of a replica, by name. */
export interface ReplicaEvents {
  /** Who leads changed, as far as this member knows. */
  leadership: Leadership
  members: { readonly members: Members }
  /** A snapshot of this member's own is durable, or one of another member has replaced its state. */
  snapshot: { readonly how: 'saved' | 'installed'; readonly position: Position }
  warning: Warning
  /** Said once. `reason` is null after `close()`. */
  stopped: { readonly reason: Error | null }
}

/** Also one that is asynchronous: nobody waits for it. */
type Listener<Name extends keyof ReplicaEvents> = (event: ReplicaEvents[Name]) => unknown
type Listeners = { [Name in keyof ReplicaEvents]: Set<Listener<Name>> }

type EventsEnvironment = Pick<Environment, 'monotonicMs' | 'wallMs' | 'setTimer'>

/**
 * Hands events to listeners. Of a flood of warnings about one thing ten are told in ten seconds. A listener that throws, or
 * rejects, is logged and stops nothing (decision D39).
 */
export class Events {
  readonly #logger: Logger
  readonly #listeners: Listeners = {
    leadership: new Set(),
    members: new Set(),
    snapshot: new Set(),
    warning: new Set(),
    stopped: new Set(),
  }
  readonly #warnings = new Map<string, Warning & { readonly saidMs: number }>()
  readonly #environment: EventsEnvironment | null
  readonly #lines: LineLimit | null
  /** The same for lines that are no warnings. */
  readonly #plainLines: LineLimit | null

  constructor(logger: Logger, environment: EventsEnvironment | null = null) {
    this.#logger = logger
    this.#environment = environment
    this.#lines =
      environment &&
      new LineLimit(environment, (about, lines) =>
        logger.warn({ about, leftOut: lines }, `${lines} more warnings like this were left out: ${about}`),
      )
    this.#plainLines =
      environment &&
      new LineLimit(environment, (about, lines) =>
        logger.info({ about, leftOut: lines }, `${lines} more lines like this were left out: ${about}`),
      )
  }

  /** The last of every kind of warning that still holds, or was said within ten minutes if it was about a moment. */
  get warnings(): readonly Warning[] {
    const nowMs = this.#environment?.monotonicMs() ?? 0
    for (const [key, { code, saidMs }] of this.#warnings) {
      if (ofAMoment.has(code) && nowMs - saidMs >= momentMs) this.#warnings.delete(key)
    }
    return [...this.#warnings.values()].map(({ code, message, wallMs }) => ({ code, message, wallMs }))
  }

  /** Returns what takes the listener off again. */
  on<Name extends keyof ReplicaEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#listeners[name]
    if (!(listeners instanceof Set)) {
      throw new TypeError(`there is no event "${name}": listen to ${Object.keys(this.#listeners).join(', ')}`)
    }
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  emit<Name extends keyof ReplicaEvents>(name: Name, event: ReplicaEvents[Name]): void {
    for (const listener of this.#listeners[name]) {
      callGuarded(
        () => listener(event),
        (error) => this.#logger.error({ event: name, error: describeError(error) }, 'a listener failed'),
      )
    }
  }

  /** `about` tells warnings of one code apart; a later one about the same takes the place of the earlier. */
  warn(code: WarningCode, message: string, about = ''): void {
    const wallMs = this.#environment?.wallMs() ?? 0
    const saidMs = this.#environment?.monotonicMs() ?? 0
    const subject = about === '' ? code : `${code} ${about}`
    const warning = { code, message: oneLine(message), wallMs }
    this.#warnings.set(`${code} ${about}`, { ...warning, saidMs })
    if (this.#lines?.take(subject) === false) return
    this.#logger.warn({ code }, warning.message)
    this.emit('warning', warning)
  }

  /** It no longer holds. */
  over(code: WarningCode, about = ''): void {
    this.#warnings.delete(`${code} ${about}`)
  }

  /** Says at once how many warnings and lines were left out. */
  close(): void {
    this.#lines?.close()
    this.#plainLines?.close()
  }

  /** A line for whoever reads along. `about`: what others may bring about again and again; ten lines of it in ten seconds. */
  log(fields: object, message: string, about?: string): void {
    if (about === undefined || this.#plainLines?.take(about) !== false) this.#logger.info(fields, message)
  }
}
