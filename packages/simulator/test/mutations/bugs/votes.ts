import type { KnownBug } from '../known-bug.js'

/** Who may lead: Raft §5.2, §5.4.1, and thesis §3.10, §6.2, §9.6. */
export const bugsOfVotes: readonly KnownBug[] = [
  {
    bug: 'a member votes for whoever asks last (double vote)',
    profile: 'churn',
    file: 'raft/src/election.ts',
    replace: `    (votedFor === null || votedFor === from) &&
`,
    by: '',
  },
  {
    bug: 'a member votes for candidates whose log is older',
    profile: 'churn',
    file: 'raft/src/election.ts',
    replace: `    (votedFor === null || votedFor === from) &&
    state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)`,
    by: `    (votedFor === null || votedFor === from)`,
  },
  {
    bug: 'logs are compared by their length only',
    profile: 'churn',
    file: 'raft/src/log/log.ts',
    replace: `return lastLogTerm > this.lastTerm || (lastLogTerm === this.lastTerm && lastLogIndex >= this.lastIndex)`,
    by: `return lastLogTerm >= 0 && lastLogIndex >= this.lastIndex`,
  },
  {
    bug: 'logs are compared by their last term only',
    profile: 'churn',
    file: 'raft/src/log/log.ts',
    replace: `return lastLogTerm > this.lastTerm || (lastLogTerm === this.lastTerm && lastLogIndex >= this.lastIndex)`,
    by: `return lastLogTerm >= this.lastTerm && lastLogIndex >= 0`,
  },
  {
    bug: 'a vote leaves before it is durable',
    profile: 'churn',
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
    profile: 'churn',
    file: 'raft/src/roles.ts',
    replace: `  setHardState(state, { currentTerm: state.hardState.currentTerm, votedFor: candidate })`,
    by: `  state.hardState = { currentTerm: state.hardState.currentTerm, votedFor: candidate }`,
  },
  {
    bug: 'a vote is forgotten when its term is replayed',
    profile: 'churn',
    file: 'raft/src/journal-fold.ts',
    replace: `    return this.#hardState ?? { currentTerm: term(0), votedFor: null }`,
    by: `    return { currentTerm: this.#hardState?.currentTerm ?? term(0), votedFor: null }`,
  },
  // Only a cluster of one shows it: others hear of a candidate when its own vote is durable.
  {
    bug: 'a candidate counts its own vote before it is durable',
    profile: 'mixture',
    file: 'raft/src/roles.ts',
    replace: `  state.ownVoteSequence = setHardState(state, { currentTerm, votedFor: state.self })`,
    by: `  state.ownVoteSequence = setHardState(state, { currentTerm, votedFor: state.self })
  state.votes.set(state.self, true)
  if (peersOf(state).length === 0) becomeLeader(state)`,
  },
  {
    bug: 'replies to an earlier campaign are counted',
    profile: 'churn',
    file: 'raft/src/election.ts',
    replace: `  if (message.term < state.hardState.currentTerm || state.role !== 'candidate') return`,
    by: `  if (state.role !== 'candidate') return`,
  },
  {
    bug: 'half of the voters are enough',
    profile: 'churn',
    file: 'raft/src/quorum/majority.ts',
    replace: `Math.floor(voters.length / 2) + 1`,
    by: `Math.max(1, Math.floor(voters.length / 2))`,
  },
  {
    bug: 'a refusal is counted as a vote',
    profile: 'churn',
    file: 'raft/src/election.ts',
    replace: `state.votes.set(from, message.voteGranted)`,
    by: `state.votes.set(from, true)`,
  },
  {
    bug: 'a term that was heard is not adopted by a leader',
    profile: 'churn',
    file: 'raft/src/roles.ts',
    replace: `    if (isMember(state, from)) becomeFollower(state, term, null)
    return null
  }
  if (term < state.hardState.currentTerm || state.role !== 'leader') return null`,
    by: `    return state.progress.get(from) ?? null
  }
  if (state.role !== 'leader') return null`,
  },
  {
    bug: 'an election is won by as many answers as a majority has voters',
    profile: 'churn',
    file: 'raft/src/election.ts',
    replace: `function countVotes(state: RaftState): void {
  const result = jointVote(state.quorum, (voter) => state.votes.get(voter))`,
    by: `function countVotes(state: RaftState): void {
  const result = state.votes.size * 2 > state.conf.voters.length ? 'won' : 'pending'`,
  },
  {
    bug: 'a term is kept in memory only',
    profile: 'churn',
    file: 'raft/src/roles.ts',
    replace: `  if (term > state.hardState.currentTerm) setHardState(state, { currentTerm: term, votedFor: null })`,
    by: `  if (term > state.hardState.currentTerm) state.hardState = { currentTerm: term, votedFor: null }`,
  },
  {
    bug: 'whoever asks for a pre-vote is voted for',
    profile: 'churn',
    file: 'raft/src/election.ts',
    replace: `function countPreVotes(state: RaftState): void {
  const result = jointVote(state.quorum, (voter) => state.votes.get(voter))
  if (result === 'won') startElection(state)`,
    by: `function countPreVotes(state: RaftState): void {
  const result = jointVote(state.quorum, (voter) => state.votes.get(voter))
  const granted = new Map(state.votes)
  if (result === 'won') startElection(state)
  if (result === 'won') for (const [voter, isGranted] of granted) if (voter !== state.self) state.votes.set(voter, isGranted)`,
  },
]
