/**
 * Raft as a pure function of its inputs: no clock, no dice, no input or output, no promises.
 *
 * @packageDocumentation
 */
export { raft } from './raft-module.js'
export { forceMembers } from './force-members.js'
export { raftOptionsSchema, type RaftOptions } from './config.js'
export type { Entry, EntryId, EntryKind } from './entry.js'
export type {
  AppendEntries,
  AppendEntriesReply,
  Heartbeat,
  HeartbeatReply,
  InstallSnapshot,
  InstallSnapshotReply,
  RaftAdmin,
  RaftMessage,
  RequestPreVote,
  RequestPreVoteReply,
  RequestVote,
  RequestVoteReply,
  TimeoutNow,
} from './message.js'
export type { HardState, RaftRecord } from './record.js'
export { decodeRecord, encodeRecord } from './wire/record-codec.js'
export {
  jointIndex,
  jointVote,
  majorityIndex,
  majorityVote,
  type JointQuorum,
  type VoteResult,
} from './quorum/index.js'
export {
  changeSimply,
  enterJoint,
  leaveJoint,
  trackedIn,
  type Changed,
  type MemberChange,
} from './membership/change.js'
export type { ConfState } from './membership/conf-state.js'
export { logIndex, term, type LogIndex, type Term } from './units.js'
export { checkInvariants } from './invariants.js'
export { Raft } from './raft.js'
export type { RaftState } from './state.js'
