import type { KnownBug } from '../known-bug.js'

/** Who may lead: Raft §5.2, §5.4.1, and thesis §3.10, §6.2, §9.6. */
export const bugsOfVotes: readonly KnownBug[] = [
  {
    bug: 'a member votes for whoever asks last (double vote)',
    profile: 'any',
    file: 'raft/src/election.ts',
    replace: `    (votedFor === null || votedFor === from) &&
`,
    by: '',
  },
  {
    bug: 'a member votes for candidates whose log is older',
    profile: 'any',
    file: 'raft/src/election.ts',
    replace: `    (votedFor === null || votedFor === from) &&
    state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)`,
    by: `    (votedFor === null || votedFor === from)`,
  },
  {
    bug: 'logs are compared by their length only',
    profile: 'any',
    file: 'raft/src/log/log.ts',
    replace: `return lastLogTerm > this.lastTerm || (lastLogTerm === this.lastTerm && lastLogIndex >= this.lastIndex)`,
    by: `return lastLogTerm >= 0 && lastLogIndex >= this.lastIndex`,
  },
  {
    bug: 'logs are compared by their last term only',
    profile: 'any',
    file: 'raft/src/log/log.ts',
    replace: `return lastLogTerm > this.lastTerm || (lastLogTerm === this.lastTerm && lastLogIndex >= this.lastIndex)`,
    by: `return lastLogTerm >= this.lastTerm && lastLogIndex >= 0`,
  },
  {
    bug: 'a vote leaves before it is durable',
    profile: 'any',
    file: 'raft/src/outbox.ts',
    replace: `      case 'timeoutNow':
        this.#laneOne`,
    by: `      case 'timeoutNow':
      case 'requestVote':
      case 'requestVoteReply':
        this.#laneOne`,
  },
  {
    bug: 'a vote is not written down',
    profile: 'any',
    file: 'raft/src/roles.ts',
    replace: `  setHardState(state, { currentTerm: state.hardState.currentTerm, votedFor: candidate })`,
    by: `  state.hardState = { currentTerm: state.hardState.currentTerm, votedFor: candidate }`,
  },
  {
    bug: 'a vote is forgotten when its term is replayed',
    profile: 'any',
    file: 'raft/src/recover.ts',
    replace: `      const recorded = hardState ?? { currentTerm: term(0), votedFor: null }`,
    by: `      const recorded = { currentTerm: hardState ? Object(hardState).currentTerm : term(0), votedFor: null }`,
  },
  {
    bug: 'a candidate counts its own vote before it is durable',
    profile: 'any',
    file: 'raft/src/roles.ts',
    replace: `  state.ownVoteSequence = setHardState(state, { currentTerm, votedFor: state.self })`,
    by: `  state.ownVoteSequence = setHardState(state, { currentTerm, votedFor: state.self })
  state.votes.set(state.self, true)
  if (peersOf(state).length === 0) becomeLeader(state)`,
  },
  {
    bug: 'replies to an earlier campaign are counted',
    profile: 'any',
    file: 'raft/src/election.ts',
    replace: `  if (message.term < state.hardState.currentTerm || state.role !== 'candidate') return`,
    by: `  if (state.role !== 'candidate') return`,
  },
  {
    bug: 'half of the voters are enough',
    profile: 'any',
    file: 'raft/src/quorum/majority.ts',
    replace: `Math.floor(voters.length / 2) + 1`,
    by: `Math.max(1, Math.floor(voters.length / 2))`,
  },
  {
    bug: 'a refusal is counted as a vote',
    profile: 'any',
    file: 'raft/src/election.ts',
    replace: `state.votes.set(from, message.voteGranted)`,
    by: `state.votes.set(from, true)`,
  },
  {
    bug: 'a term that was heard is not adopted by a leader',
    profile: 'any',
    file: 'raft/src/roles.ts',
    replace: `    if (isMember(state, from)) becomeFollower(state, term, null)
    return null
  }
  if (term < state.hardState.currentTerm || state.role !== 'leader') return null`,
    by: `    return state.progress.get(from) ?? null
  }
  if (state.role !== 'leader') return null`,
  },
]
