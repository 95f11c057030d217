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
    profile: 'churn',
    file: 'raft/src/replication.ts',
    replace: `voter === state.self ? state.log.persistedIndex`,
    by: `voter === state.self ? state.log.lastIndex`,
  },
  {
    bug: 'the largest index of anybody counts as replicated',
    profile: 'churn',
    file: 'raft/src/quorum/majority.ts',
    replace: `return descending[Math.floor(voters.length / 2)] ?? 0`,
    by: `return descending[0] ?? 0`,
  },
  {
    bug: 'one copy less than a majority commits',
    profile: 'churn',
    file: 'raft/src/quorum/majority.ts',
    replace: `return descending[Math.floor(voters.length / 2)] ?? 0`,
    by: `return descending[Math.max(0, Math.floor(voters.length / 2) - 1)] ?? 0`,
  },
  {
    bug: 'a follower acknowledges before its records are durable',
    profile: 'churn',
    file: 'raft/src/outbox.ts',
    replace: `      case 'appendEntriesReply':
        this.#laneTwo.add({ to, channel: 'log', message })`,
    by: `      case 'appendEntriesReply':
        this.#laneOne.add({ to, channel: 'log', message })`,
  },
  {
    bug: 'a follower does not look at the entry before the new ones',
    profile: 'hermits',
    file: 'raft/src/following.ts',
    replace: `  if (state.log.termAt(prevLogIndex) !== prevLogTerm) {`,
    by: `  if (prevLogIndex > state.log.lastIndex) {`,
  },
  {
    bug: 'a follower keeps what conflicts',
    profile: 'hermits',
    file: 'raft/src/following.ts',
    replace: `state.log.termAt(entry.index) !== entry.term)`,
    by: `entry.index > state.log.lastIndex)`,
  },
  {
    bug: 'a late message shortens the log',
    profile: 'delay',
    file: 'raft/src/following.ts',
    replace: `  const fresh = run.entries.findIndex((entry) => state.log.termAt(entry.index) !== entry.term)
`,
    by: `  const fresh = run.entries.length > 0 ? 0 : -1
`,
  },
  // Nor does this one, for the same reason as below.
  {
    bug: 'a follower commits what the leader has, not what this message vouches for, of a leader that begins at the first entry',
    profile: 'churn',
    file: 'raft/src/following.ts',
    replace: `commitUpTo(state, Math.min(message.leaderCommit, lastVouchedFor))`,
    by: `commitUpTo(state, Math.min(message.leaderCommit, state.log.lastIndex))`,
    also: {
      file: 'raft/src/roles.ts',
      replace: `new Progress(state.log.lastIndex + 1, state.config)`,
      by: `new Progress(state.log.base.index + 1, state.config)`,
    },
  },
  {
    bug: 'a heartbeat commits what the follower may not have',
    profile: 'hermits',
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
  // Alone it does no harm: the hint of a refusal never lies below the last entry that both have, so that the first append
  // that is taken begins right behind it, and cuts off everything else.
  {
    bug: 'a follower acknowledges its whole log, to a leader that begins at the first entry',
    profile: 'churn',
    file: 'raft/src/following.ts',
    replace: `  accept(state, from, lastVouchedFor)
}`,
    by: `  accept(state, from, state.log.lastIndex)
}`,
    also: {
      file: 'raft/src/roles.ts',
      replace: `new Progress(state.log.lastIndex + 1, state.config)`,
      by: `new Progress(state.log.base.index + 1, state.config)`,
    },
  },
  {
    bug: 'an entry that was truncated stays durable',
    profile: 'hermits',
    file: 'raft/src/log/log.ts',
    replace: `    this.#persistedIndex = Math.min(this.#persistedIndex, index - 1)
`,
    by: '',
  },
  {
    bug: 'durable is whatever was there when a sync came back (ABA)',
    profile: 'hermits',
    file: 'raft/src/log/log.ts',
    replace: `this.sequenceAt(this.#persistedIndex + 1) <= sequence`,
    by: `sequence > 0`,
  },
  {
    bug: 'the hint of a refusal is taken for what the follower has',
    profile: 'churn',
    file: 'raft/src/replication.ts',
    replace: `    progress.onRejected(message.prevLogIndex, hint)`,
    by: `    progress.onAccepted(hint)`,
  },
  {
    bug: 'a leader counts what it has sent',
    profile: 'churn',
    file: 'raft/src/tracker/progress.ts',
    replace: `      this.nextIndex = lastIndex + 1
      this.inflights`,
    by: `      this.nextIndex = lastIndex + 1
      this.matchIndex = lastIndex
      this.inflights`,
  },
  {
    bug: 'an answer to an earlier office is counted',
    profile: 'delay',
    file: 'raft/src/roles.ts',
    replace: `  if (term < state.hardState.currentTerm || state.role !== 'leader') return null`,
    by: `  if (state.role !== 'leader') return null`,
  },
  {
    bug: 'the entry at a place is taken for the same, whatever its term',
    profile: 'hermits',
    file: 'raft/src/log/log.ts',
    replace: `    return this.#entries[index - this.firstIndex]?.term ?? null
  }

  entryAt`,
    by: `    return this.#entries[index - this.firstIndex] ? this.lastTerm : null
  }

  entryAt`,
  },
]
