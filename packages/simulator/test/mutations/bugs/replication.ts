import type { KnownBug } from '../known-bug.js'

/** What is committed, and what followers take: Raft §5.3, §5.4.2. */
export const bugsOfReplication: readonly KnownBug[] = [
  {
    bug: 'entries of earlier terms are committed by counting (Figure 8)',
    profile: 'hermits',
    file: 'raft/src/replication.ts',
    replace: `  if (state.log.termAt(index) !== state.hardState.currentTerm) return false
`,
    by: '',
  },
  {
    bug: 'a leader counts itself before its own disk has answered',
    profile: 'any',
    file: 'raft/src/replication.ts',
    replace: `voter === state.self ? state.log.persistedIndex`,
    by: `voter === state.self ? state.log.lastIndex`,
  },
  {
    bug: 'the largest index of anybody counts as replicated',
    profile: 'any',
    file: 'raft/src/quorum/majority.ts',
    replace: `return descending[Math.floor(voters.length / 2)] ?? 0`,
    by: `return descending[0] ?? 0`,
  },
  {
    bug: 'one copy less than a majority commits',
    profile: 'any',
    file: 'raft/src/quorum/majority.ts',
    replace: `return descending[Math.floor(voters.length / 2)] ?? 0`,
    by: `return descending[Math.max(0, Math.floor(voters.length / 2) - 1)] ?? 0`,
  },
  {
    bug: 'a follower acknowledges before its records are durable',
    profile: 'any',
    file: 'raft/src/outbox.ts',
    replace: `      case 'appendEntriesReply':
        this.#laneTwo.add({ to, channel: 'log', message })`,
    by: `      case 'appendEntriesReply':
        this.#laneOne.add({ to, channel: 'log', message })`,
  },
  {
    bug: 'a follower does not look at the entry before the new ones',
    profile: 'any',
    file: 'raft/src/following.ts',
    replace: `  if (state.log.termAt(prevLogIndex) !== prevLogTerm) {`,
    by: `  if (prevLogIndex > state.log.lastIndex) {`,
  },
  {
    bug: 'a follower keeps what conflicts',
    profile: 'any',
    file: 'raft/src/following.ts',
    replace: `state.log.termAt(entry.index) !== entry.term)`,
    by: `entry.index > state.log.lastIndex)`,
  },
  {
    bug: 'a late message shortens the log',
    profile: 'any',
    file: 'raft/src/following.ts',
    replace: `  const fresh = run.entries.findIndex((entry) => state.log.termAt(entry.index) !== entry.term)
`,
    by: `  const fresh = run.entries.length > 0 ? 0 : -1
`,
  },
  {
    bug: 'a follower commits what the leader has, not what this message vouches for',
    profile: 'any',
    file: 'raft/src/following.ts',
    replace: `commitUpTo(state, Math.min(message.leaderCommit, lastVouchedFor))`,
    by: `commitUpTo(state, Math.min(message.leaderCommit, state.log.lastIndex))`,
  },
  {
    bug: 'a heartbeat commits what the follower may not have',
    profile: 'any',
    file: 'raft/src/replication.ts',
    replace: `    const leaderCommit = Math.min(state.commitIndex, progress.matchIndex) as LogIndex`,
    by: `    const leaderCommit = state.commitIndex`,
  },
  {
    bug: 'entries of an earlier leader are taken',
    profile: 'delay',
    file: 'raft/src/following.ts',
    replace: `  if (message.term < currentTerm) {
    refuse(state, from, message.prevLogIndex)
    return
  }
`,
    by: '',
  },
  {
    bug: 'a follower acknowledges its whole log',
    profile: 'any',
    file: 'raft/src/following.ts',
    replace: `  accept(state, from, lastVouchedFor)
}`,
    by: `  accept(state, from, state.log.lastIndex)
}`,
  },
  {
    bug: 'an entry that was truncated stays durable',
    profile: 'any',
    file: 'raft/src/log/log.ts',
    replace: `    this.#persistedIndex = Math.min(this.#persistedIndex, index - 1)
`,
    by: '',
  },
  {
    bug: 'durable is whatever was there when a sync came back (ABA)',
    profile: 'any',
    file: 'raft/src/log/log.ts',
    replace: `this.sequenceAt(this.#persistedIndex + 1) <= sequence`,
    by: `sequence > 0`,
  },
  {
    bug: 'a progress that is behind is taken back',
    profile: 'any',
    file: 'raft/src/tracker/progress.ts',
    replace: `    const isNews = matchIndex > this.matchIndex
    if (isNews) this.matchIndex = matchIndex
    this.nextIndex = Math.max(this.nextIndex, matchIndex + 1)
    if (this.phase === 'replicate') {`,
    by: `    const isNews = matchIndex !== this.matchIndex
    if (isNews) this.matchIndex = matchIndex
    this.nextIndex = Math.max(this.nextIndex, matchIndex + 1)
    if (this.phase === 'replicate') {`,
  },
]
