import { Inflights } from './inflights.js'

/** How entries travel to a follower. */
export type ProgressPhase = 'probe' | 'replicate' | 'snapshot'

/**
 * What the leader believes about one follower's log.
 *
 * The leader learns `matchIndex` from answers and guesses `nextIndex` ahead of them. A wrong guess costs a round trip
 * and never safety: the follower checks the entry before the first one it is sent.
 *
 *   - 0 ≤ matchIndex < nextIndex
 *   - in `probe` at most one message is unanswered; in `replicate` a window of them
 *
 *   probe ──accepted──► replicate ──refused or lost──► probe
 *   probe, replicate ──needs what the leader no longer has──► snapshot ──has the image──► probe
 *
 * Raft §5.3; thesis §10.2.1 for the pipelining.
 */
export class Progress {
  readonly inflights: Inflights
  matchIndex = 0
  nextIndex: number
  phase: ProgressPhase = 'probe'
  /** In `probe` and `snapshot`: something was sent and neither answered nor given up. */
  isWaiting = false
  /** The follower answered since the last check of the quorum. */
  isRecentlyActive = false
  /** The latest round of heartbeats that the follower answered. */
  ackedRound = 0
  /** The commit index that the follower was last told. */
  toldCommit = 0
  /**
   * The first snapshot offered to this follower that it may still come back with: the leader keeps what is behind it
   * until the follower replicates.
   */
  offeredIndex: number | null = null

  constructor(nextIndex: number, limits: { readonly inflightMessagesMax: number; readonly inflightBytesMax: number }) {
    this.nextIndex = nextIndex
    this.inflights = new Inflights(limits)
  }

  get canSend(): boolean {
    switch (this.phase) {
      case 'probe':
        return !this.isWaiting
      case 'replicate':
        return !this.inflights.isFull
      case 'snapshot':
        return false
    }
  }

  /** Entries up to `lastIndex` were put on their way. */
  onSent(lastIndex: number, entries: number, bytes: number): void {
    if (this.phase === 'probe') {
      this.isWaiting = true
    } else if (entries > 0) {
      this.nextIndex = lastIndex + 1
      this.inflights.add(lastIndex, bytes)
    }
  }

  /** The follower has everything up to `matchIndex`. Returns whether that is news; it never goes back. */
  onAccepted(matchIndex: number): boolean {
    const isNews = matchIndex > this.matchIndex
    if (isNews) this.matchIndex = matchIndex
    this.nextIndex = Math.max(this.nextIndex, matchIndex + 1)
    if (this.phase === 'replicate') {
      this.inflights.freeUpTo(matchIndex)
    } else if (this.phase === 'probe') {
      this.isWaiting = false
      if (matchIndex >= this.matchIndex) this.becomeReplicate()
    }
    return isNews
  }

  /**
   * The follower has no such entry at `prevLogIndex`; `hintIndex` is where the logs may agree at best. Returns false if
   * the answer is older than what is known since, and changes nothing then.
   */
  onRejected(prevLogIndex: number, hintIndex: number): boolean {
    if (prevLogIndex <= this.matchIndex) return false
    if (this.phase === 'replicate') {
      this.becomeProbe()
      return true
    }
    if (this.phase === 'snapshot' || prevLogIndex !== this.nextIndex - 1) return false
    this.nextIndex = Math.max(Math.min(prevLogIndex, hintIndex + 1), this.matchIndex + 1)
    this.isWaiting = false
    return true
  }

  /** Start again behind what is certain: something on its way may be lost. Without a match the guess stays as it is. */
  becomeProbe(): void {
    if (this.phase === 'replicate') this.nextIndex = this.matchIndex + 1
    this.phase = 'probe'
    this.isWaiting = false
    this.inflights.clear()
  }

  /** What this follower needs next is no longer there: it gets a snapshot, and until then nothing but heartbeats. */
  becomeSnapshot(): void {
    this.phase = 'snapshot'
    this.isWaiting = false
    this.inflights.clear()
  }

  /** The follower has everything up to `matchIndex`, by a snapshot or without it. Returns whether that is news. */
  onInstalled(matchIndex: number): boolean {
    const isNews = matchIndex > this.matchIndex
    if (isNews) this.matchIndex = matchIndex
    if (this.phase === 'snapshot') {
      this.phase = 'probe'
      this.nextIndex = this.matchIndex + 1
      this.isWaiting = false
    }
    this.nextIndex = Math.max(this.nextIndex, this.matchIndex + 1)
    return isNews
  }

  becomeReplicate(): void {
    this.phase = 'replicate'
    this.offeredIndex = null
    this.nextIndex = this.matchIndex + 1
    this.isWaiting = false
    this.inflights.clear()
  }
}
