import { equalBytes, position, sessionNonceBytes, type ClusterTime, type Position } from '@quorate/contracts'
import type { CommandDigest } from './command-digest.js'

/** Sessions of callers at once. Over it none is opened: a live session is never evicted (decision D11). */
export const sessionsMax = 10_000
/** Sessions that members opened for their own callers, beside them: a crowd of others never locks these out. */
export const ownSessionsMax = 1_000
/**
 * Counts from the lowest unacknowledged one on that a session takes, and so the answers that it may hold; and the bytes of
 * those above which only the lowest command passes.
 */
export const sessionResultsMax = 8_192
export const sessionBytesMax = 4 * 1024 * 1024
/**
 * Bytes that all sessions together may hold, with a little for each result. Over it no session is opened, and of each only
 * the lowest command passes: the table is part of each snapshot, in memory and in one piece.
 */
export const tableBytesMax = 64 * 1024 * 1024

/** What a result takes in a snapshot beside its bytes. */
export const resultOverheadBytes = 21

/** Who counts in a session: a member on behalf of its own callers, or a caller itself. */
export type SessionOwner = 'caller' | 'member'

/** What opens a session. The same nonce of the same cluster gives the same one, so that a retry opens no second. */
export interface Opening {
  /** Id of the cluster that it is opened in. */
  readonly cluster: Uint8Array
  /** Sixteen bytes that the caller made up: whoever does not know them cannot use the session. */
  readonly nonce: Uint8Array
  readonly owner: SessionOwner
  /** Without a command for that long, in cluster time, it ends. */
  readonly timeoutMs: number
}

/** One caller's commands, in its own count, with the answers that it has not acknowledged yet. */
export interface Session extends Opening {
  readonly id: Position
  lastActive: ClusterTime
  lowestUnacknowledged: number
  /** The highest count that was carried out. */
  highestSequence: number
  /** Answers by the caller's count of its command. */
  readonly results: Map<number, KeptAnswer>
  resultBytes: number
}

/** The answer to a command that was carried out, and what tells whether another one is the same command. */
export interface KeptAnswer {
  readonly digest: CommandDigest
  readonly result: Uint8Array
  /** Why it was not carried out, for good: a copy that comes later is refused as well. Null: it was. */
  readonly refused: MachineRefusal | null
}

/** Why the machine did not take a command: its bytes are none, or of a version that was not active (decision D26). */
export type MachineRefusal = 'noCommand' | 'versionNotActive'

/** What names a session to the members: its position alone recurs in other clusters, and anybody can count to it. */
export interface SessionKey {
  readonly cluster: Uint8Array
  readonly session: Position
  readonly nonce: Uint8Array
}

/** A command's place in a session, and what tells it from another command in the same place. */
export interface Place extends SessionKey {
  readonly sequence: number
  readonly lowestUnacknowledged: number
  readonly digest: CommandDigest
}

/** The session of commands that belong to none. */
export const noSession: Position = position(0)
export const noNonce: Uint8Array = new Uint8Array(sessionNonceBytes)

/** True if both name the same session. */
export function isSameKey(left: SessionKey, right: SessionKey): boolean {
  return (
    left.session === right.session && equalBytes(left.nonce, right.nonce) && equalBytes(left.cluster, right.cluster)
  )
}

/** What a session's answers take in a snapshot. */
export function bytesOfAnswers({ results, resultBytes }: Session): number {
  return resultBytes + results.size * resultOverheadBytes
}
