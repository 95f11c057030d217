import { hexOfBytes, position, type ClusterTime, type Position } from '@quorate/contracts'

/** Sessions at once. Over it none is opened: a live session is never evicted (decision D11). */
export const sessionsMax = 10_000
/** Results that one session may hold unacknowledged, and their bytes. Over it its next command is refused. */
export const sessionResultsMax = 8_192
export const sessionBytesMax = 4 * 1024 * 1024
/**
 * Bytes that all sessions together may hold, with a little for each result. Over it commands of every session are refused:
 * the table is part of each snapshot, in memory and in one piece.
 */
export const tableBytesMax = 64 * 1024 * 1024

/** What a result takes in a snapshot beside its bytes. */
const resultOverheadBytes = 12

/** One caller's commands, in its own count, with the answers that it has not acknowledged yet. */
export interface Session {
  readonly id: Position
  /** Sixteen bytes that the caller made up; the same bytes give the same session. */
  readonly nonce: Uint8Array
  /** Without a command for that long, in cluster time, it ends. */
  readonly timeoutMs: number
  lastActive: ClusterTime
  lowestUnacknowledged: number
  /** Answers by the caller's count of its command. */
  readonly results: Map<number, Uint8Array>
  resultBytes: number
}

/** What becomes of a command of a session. */
export type Verdict =
  /** It was never applied: apply it, and {@link SessionTable.keep} its answer. */
  | { readonly kind: 'fresh'; readonly session: Session }
  /** It was applied before, and this was its answer. */
  | { readonly kind: 'repeated'; readonly result: Uint8Array }
  | { readonly kind: 'refused'; readonly code: 'SESSION_EXPIRED' | 'OVERLOADED' }

/**
 * Makes a retried command one command (thesis §6.3): replicated state, the same on every member, part of every snapshot.
 * It changes only by applied commands and ends sessions only by cluster time.
 */
export class SessionTable {
  readonly #sessions = new Map<Position, Session>()
  readonly #byNonce = new Map<string, Session>()
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

  has(id: Position): boolean {
    return this.#sessions.has(id)
  }

  /** In the order of their ids. */
  all(): readonly Session[] {
    return [...this.#sessions.values()].sort((left, right) => left.id - right.id)
  }

  /** The session of this nonce, new or known; null when the table is full. */
  open(nonce: Uint8Array, timeoutMs: number, at: Position, now: ClusterTime): Position | null {
    const known = this.#byNonce.get(hexOfBytes(nonce))
    if (known) {
      known.lastActive = now
      return known.id
    }
    if (this.#sessions.size >= sessionsMax) return null
    this.put({
      ...{ id: at, nonce: nonce.slice(), timeoutMs, lastActive: now },
      ...{ lowestUnacknowledged: 1, results: new Map(), resultBytes: 0 },
    })
    return at
  }

  put(session: Session): void {
    this.#sessions.set(session.id, session)
    this.#byNonce.set(hexOfBytes(session.nonce), session)
    this.#bytes += bytesOf(session)
    this.#noneEndsBefore = Math.min(this.#noneEndsBefore, session.lastActive + session.timeoutMs)
  }

  /** Decides about a command before it is applied, and forgets the answers that its caller no longer wants. */
  judge(id: Position, sequence: number, lowestUnacknowledged: number, now: ClusterTime): Verdict {
    const session = this.#sessions.get(id)
    if (!session) return { kind: 'refused', code: 'SESSION_EXPIRED' }
    session.lastActive = now
    this.#acknowledge(session, lowestUnacknowledged)
    const result = session.results.get(sequence)
    if (result) return { kind: 'repeated', result }
    if (sequence < session.lowestUnacknowledged) return { kind: 'refused', code: 'SESSION_EXPIRED' }
    // The lowest one passes any bytes: it alone can end the wait of all others, and no caller knows how large answers are.
    const isOfMany = sequence > session.lowestUnacknowledged
    const isFull = session.results.size >= sessionResultsMax || (isOfMany && session.resultBytes >= sessionBytesMax)
    if (isFull || this.#bytes >= tableBytesMax) {
      return { kind: 'refused', code: 'OVERLOADED' }
    }
    return { kind: 'fresh', session }
  }

  /** Remembers an answer until its caller has it. Copied: nothing keeps the bytes of a larger message alive. */
  keep(session: Session, sequence: number, result: Uint8Array): void {
    session.results.set(sequence, result.slice())
    session.resultBytes += result.length
    this.#bytes += result.length + resultOverheadBytes
  }

  /** The answer to a command that was applied, if it is still kept. */
  resultOf(id: Position, sequence: number): Uint8Array | null {
    return this.#sessions.get(id)?.results.get(sequence) ?? null
  }

  /** The session that a nonce opened, if it is still there. */
  idOf(nonce: Uint8Array): Position | null {
    return this.#byNonce.get(hexOfBytes(nonce))?.id ?? null
  }

  /** Ends the sessions whose time is over. */
  expire(now: ClusterTime): void {
    if (now < this.#noneEndsBefore) return
    for (const session of this.#sessions.values()) {
      if (session.lastActive + session.timeoutMs > now) continue
      this.#sessions.delete(session.id)
      this.#byNonce.delete(hexOfBytes(session.nonce))
      this.#bytes -= bytesOf(session)
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

  #acknowledge(session: Session, lowestUnacknowledged: number): void {
    if (lowestUnacknowledged <= session.lowestUnacknowledged) return
    session.lowestUnacknowledged = lowestUnacknowledged
    for (const [sequence, result] of session.results) {
      if (sequence >= lowestUnacknowledged) continue
      session.results.delete(sequence)
      session.resultBytes -= result.length
      this.#bytes -= result.length + resultOverheadBytes
    }
  }
}

function bytesOf({ results, resultBytes }: Session): number {
  return resultBytes + results.size * resultOverheadBytes
}

/** The session of commands that belong to none. */
export const noSession: Position = position(0)
