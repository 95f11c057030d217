import { equalBytes, hexOfBytes, type ClusterTime, type Position } from '@quorate/contracts'
import { isSameDigest } from './command-digest.js'
import {
  bytesOfAnswers,
  ownSessionsMax,
  resultOverheadBytes,
  sessionBytesMax,
  sessionResultsMax,
  sessionsMax,
  tableBytesMax,
  type KeptAnswer,
  type MachineRefusal,
  type Opening,
  type Place,
  type Session,
  type SessionKey,
  type SessionOwner,
} from './session.js'

/** Why a command is not carried out in the session that it names. */
export type SessionRefusal =
  /** There is no such session of this caller, or the command was acknowledged before. */
  | 'expired'
  /** The session was opened in another cluster than the command was given to. */
  | 'wrongCluster'
  /** Another command was carried out under this count. */
  | 'reused'
  /** The count, or what it acknowledges, is further on than a session may go at once. */
  | 'beyondWindow'
  /** The session, or all of them together, hold as many bytes of answers as they may. */
  | 'full'
  | MachineRefusal

/** What becomes of a command of a session. */
export type Verdict =
  /** It was never applied: apply it, and {@link SessionTable.keep} its answer. */
  | { readonly kind: 'fresh'; readonly session: Session }
  /** It was applied before, and this was its answer. */
  | { readonly kind: 'repeated'; readonly kept: KeptAnswer }
  | { readonly kind: 'refused'; readonly why: SessionRefusal }

/**
 * Makes a retried command one command (thesis §6.3): replicated state, the same on every member, part of every snapshot.
 * It changes only by applied commands and ends sessions only by cluster time, or because their caller ends them.
 */
export class SessionTable {
  readonly #sessions = new Map<Position, Session>()
  readonly #byNonce = new Map<string, Session>()
  readonly #counts: Record<SessionOwner, number> = { caller: 0, member: 0 }
  #bytes = 0
  /** No session ends before, in cluster time: they only get later by being used. */
  #noneEndsBefore = Infinity

  get size(): number {
    return this.#sessions.size
  }

  /** What bounds look at: answers that are kept, and their bytes with what stands around each. */
  get load(): { readonly sessions: number; readonly answers: number; readonly bytes: number } {
    let answers = 0
    for (const { results } of this.#sessions.values()) answers += results.size
    return { sessions: this.#sessions.size, answers, bytes: this.#bytes }
  }

  /** How many of them callers opened, of `sessionsMax`. */
  get callers(): number {
    return this.#counts.caller
  }

  /** No session ends before this, in cluster time; quicker to know than when the next one ends. `Infinity`: there is none. */
  get noneEndsBefore(): number {
    return this.#noneEndsBefore
  }

  /** In the order of their ids. */
  all(): readonly Session[] {
    return [...this.#sessions.values()].sort((left, right) => left.id - right.id)
  }

  /** The session of this nonce, new or known; null when there is no room for another. */
  open(opening: Opening, at: Position, now: ClusterTime): Position | null {
    const known = this.#byNonce.get(nameOf(opening))
    if (known) {
      known.lastActive = now
      return known.id
    }
    if (!this.hasRoomFor(opening.owner)) return null
    const { cluster, nonce, owner, timeoutMs } = opening
    this.put({
      ...{ id: at, cluster: cluster.slice(), nonce: nonce.slice(), owner, timeoutMs, lastActive: now },
      ...{ lowestUnacknowledged: 1, highestSequence: 0, results: new Map(), resultBytes: 0 },
    })
    return at
  }

  /** False when the table is full for whoever would open another session. */
  hasRoomFor(owner: SessionOwner): boolean {
    if (owner === 'member') return this.#counts.member < ownSessionsMax
    return this.#counts.caller < sessionsMax && this.#bytes < tableBytesMax
  }

  put(session: Session): void {
    this.#sessions.set(session.id, session)
    this.#byNonce.set(nameOf(session), session)
    this.#counts[session.owner] += 1
    this.#bytes += bytesOfAnswers(session)
    this.#noneEndsBefore = Math.min(this.#noneEndsBefore, session.lastActive + session.timeoutMs)
  }

  /**
   * Decides about a command before it is applied, and forgets the answers that its caller no longer wants. What is refused
   * keeps no session alive.
   */
  judge(place: Place, now: ClusterTime): Verdict {
    const session = this.#sessions.get(place.session)
    if (!session) return { kind: 'refused', why: 'expired' }
    const why = whyNotIn(session, place)
    if (why !== null) return { kind: 'refused', why }
    this.#acknowledge(session, place.lowestUnacknowledged)
    const { sequence } = place
    const kept = session.results.get(sequence)
    if (kept && !isSameDigest(kept.digest, place.digest)) return { kind: 'refused', why: 'reused' }
    if (!kept && sequence < session.lowestUnacknowledged) return { kind: 'refused', why: 'expired' }
    if (!kept && this.#isFullFor(session, sequence)) return { kind: 'refused', why: 'full' }
    session.lastActive = now
    session.highestSequence = Math.max(session.highestSequence, sequence)
    return kept ? { kind: 'repeated', kept } : { kind: 'fresh', session }
  }

  /** Remembers an answer until its caller has it. Copied: nothing keeps the bytes of a larger message alive. */
  keep(session: Session, sequence: number, { digest, result, refused }: KeptAnswer): void {
    session.results.set(sequence, { digest, result: result.slice(), refused })
    session.resultBytes += result.length
    this.#bytes += result.length + resultOverheadBytes
  }

  /** The answer under a count that was carried out, if it is still kept. */
  answerTo(key: SessionKey, sequence: number): KeptAnswer | null {
    return this.#find(key)?.results.get(sequence) ?? null
  }

  /** True while this session is there, and the caller's. */
  has(key: SessionKey): boolean {
    return this.#find(key) !== null
  }

  /** The session that a nonce opened, if it is still there. */
  idOf(opening: Pick<Opening, 'cluster' | 'nonce'>): Position | null {
    return this.#byNonce.get(nameOf(opening))?.id ?? null
  }

  /** Ends a session that its caller needs no more. Nothing happens if it is not there, or not the caller's. */
  close(key: SessionKey): void {
    const session = this.#find(key)
    if (session) this.#delete(session)
  }

  /** Ends the sessions whose time is over. */
  expire(now: ClusterTime): void {
    if (now < this.#noneEndsBefore) return
    for (const session of this.#sessions.values()) {
      if (session.lastActive + session.timeoutMs <= now) this.#delete(session)
    }
    this.#noneEndsBefore = this.nextDeadline() ?? Infinity
  }

  /** When the next session ends if nobody uses it, in cluster time; null if there is none. */
  nextDeadline(): number | null {
    let earliest: number | null = null
    for (const { lastActive, timeoutMs } of this.#sessions.values()) {
      earliest = Math.min(earliest ?? Infinity, lastActive + timeoutMs)
    }
    return earliest
  }

  #find({ session: id, cluster, nonce }: SessionKey): Session | null {
    const session = this.#sessions.get(id)
    const isTheirs = session && equalBytes(session.nonce, nonce) && equalBytes(session.cluster, cluster)
    return isTheirs ? session : null
  }

  /** The lowest one passes any bytes: it alone can end the wait of all others, and no caller knows how large answers are. */
  #isFullFor(session: Session, sequence: number): boolean {
    const isOfMany = sequence > session.lowestUnacknowledged
    return isOfMany && (session.resultBytes >= sessionBytesMax || this.#bytes >= tableBytesMax)
  }

  #delete(session: Session): void {
    this.#sessions.delete(session.id)
    this.#byNonce.delete(nameOf(session))
    this.#counts[session.owner] -= 1
    this.#bytes -= bytesOfAnswers(session)
  }

  #acknowledge(session: Session, lowestUnacknowledged: number): void {
    if (lowestUnacknowledged <= session.lowestUnacknowledged) return
    session.lowestUnacknowledged = lowestUnacknowledged
    for (const [sequence, { result }] of session.results) {
      if (sequence >= lowestUnacknowledged) continue
      session.results.delete(sequence)
      session.resultBytes -= result.length
      this.#bytes -= result.length + resultOverheadBytes
    }
  }
}

/** What keeps a command out of a session, whatever was carried out there. */
function whyNotIn(session: Session, place: Place): SessionRefusal | null {
  if (!equalBytes(session.cluster, place.cluster)) return 'wrongCluster'
  if (!equalBytes(session.nonce, place.nonce)) return 'expired'
  const { sequence, lowestUnacknowledged } = place
  const highestSeen = Math.max(session.highestSequence, session.lowestUnacknowledged)
  const isTooFar = lowestUnacknowledged > highestSeen + sessionResultsMax
  return isTooFar || sequence >= lowestUnacknowledged + sessionResultsMax ? 'beyondWindow' : null
}

function nameOf({ cluster, nonce }: Pick<Opening, 'cluster' | 'nonce'>): string {
  return hexOfBytes(cluster) + hexOfBytes(nonce)
}
