import {
  logIndex,
  term,
  type AppendEntries,
  type AppendEntriesReply,
  type Entry,
  type Heartbeat,
  type RequestVote,
  type RequestVoteReply,
} from '../../src/index.js'

/** Options that leave out what the paper's sections 5 and 8 do not have. */
export const asInThePaper = { preVote: false, checkQuorum: false }

/** The name of an entry: its index and its term. `[0, 0]` is before the log. */
export type Name = readonly [index: number, term: number]

export function entry(index: number, at: number, command: string): Entry {
  return { index: logIndex(index), term: term(at), kind: 'command', data: new TextEncoder().encode(command) }
}

export function append(at: number, prev: Name, entries: readonly Entry[] = [], leaderCommit = 0): AppendEntries {
  return {
    kind: 'appendEntries',
    term: term(at),
    prevLogIndex: logIndex(prev[0]),
    prevLogTerm: term(prev[1]),
    entries,
    leaderCommit: logIndex(leaderCommit),
  }
}

export function accepted(at: number, matchIndex: number): AppendEntriesReply {
  return { kind: 'appendEntriesReply', term: term(at), success: true, matchIndex: logIndex(matchIndex) }
}

export function heartbeat(at: number, leaderCommit = 0): Heartbeat {
  return { kind: 'heartbeat', term: term(at), leaderCommit: logIndex(leaderCommit), round: 0 }
}

export function requestVote(at: number, last: Name = [0, 0]): RequestVote {
  return { kind: 'requestVote', term: term(at), lastLogIndex: logIndex(last[0]), lastLogTerm: term(last[1]) }
}

export function vote(at: number, voteGranted = true): RequestVoteReply {
  return { kind: 'requestVoteReply', term: term(at), voteGranted }
}
