import { z } from 'zod'
import type { Entry, RaftMessage } from '../../src/index.js'
import { logIndex, term as termOf } from '../../src/index.js'
import { memberId, numberOf, VectorMember, type Sent } from './member.js'
import { differs, passed, type Verdict } from './verdict.js'

const logSchema = z.array(z.tuple([z.int(), z.string()]))
const after = z.object({ term: z.int(), vote: z.int(), commit: z.int(), log: logSchema.optional() })
const reply = z.object({
  type: z.string(),
  term: z.int(),
  success: z.boolean().optional(),
  voteGranted: z.boolean().optional(),
})
const common = { after, from: z.int(), term: z.int(), stale: z.boolean().optional(), reply: reply.optional() }
const vote = { lastLogIndex: z.int(), lastLogTerm: z.int() }
const append = { prevLogIndex: z.int(), prevLogTerm: z.int(), leaderCommit: z.int(), entries: logSchema }

const event = z.union([
  z.object({ local: z.enum(['campaign', 'restart']), after }),
  z.object({ rpc: z.literal('RequestVote'), ...common, ...vote }),
  z.object({ rpc: z.literal('AppendEntries'), ...common, ...append }),
  z.object({ rpc: z.literal('RequestVoteReply'), ...common, voteGranted: z.boolean() }),
])

export const rpcReplaySchema = z.object({ id: z.string(), n: z.int(), node: z.int(), events: z.array(event) })

type Event = z.output<typeof event>
type Inbound = Exclude<Event, { local: string }>

/** Plays messages to one member, and compares its state and answer after each. */
export function playReplay(replay: z.output<typeof rpcReplaySchema>): Verdict {
  const member = new VectorMember(replay.node, replay.n)
  member.takeSent()
  let log: [number, string][] = []
  for (const [step, each] of replay.events.entries()) {
    const sent = carryOut(member, each)
    log = each.after.log ?? log
    const { term, vote, commit } = each.after
    const { hardState, commitIndex } = member.core.state
    const got = {
      term: hardState.currentTerm,
      vote: numberOf(hardState.votedFor),
      commit: commitIndex,
      log: member.log,
    }
    const verdict =
      differs(replay.id, step, { term, vote, commit, log }, got) ??
      ('rpc' in each ? checkReply(replay.id, step, each, sent) : null)
    if (verdict) return verdict
  }
  return passed
}

function carryOut(member: VectorMember, each: Event): Sent[] {
  if ('rpc' in each) member.receive(each.from, messageOf(each))
  else if (each.local === 'campaign') member.campaign()
  else member.restart()
  return member.takeSent()
}

function messageOf(each: Inbound): RaftMessage {
  const term = termOf(each.term)
  switch (each.rpc) {
    case 'RequestVote':
      return {
        kind: 'requestVote',
        term,
        lastLogIndex: logIndex(each.lastLogIndex),
        lastLogTerm: termOf(each.lastLogTerm),
      }
    case 'RequestVoteReply':
      return { kind: 'requestVoteReply', term, voteGranted: each.voteGranted }
    case 'AppendEntries':
      return {
        kind: 'appendEntries',
        term,
        prevLogIndex: logIndex(each.prevLogIndex),
        prevLogTerm: termOf(each.prevLogTerm),
        leaderCommit: logIndex(each.leaderCommit),
        entries: each.entries.map(([entryTerm, data], at) => entryOf(each.prevLogIndex + 1 + at, entryTerm, data)),
      }
  }
}

function entryOf(index: number, entryTerm: number, data: string): Entry {
  const kind = data === '' ? 'noop' : 'command'
  return { index: logIndex(index), term: termOf(entryTerm), kind, data: new TextEncoder().encode(data) }
}

/** To a message of an earlier term, silence and a refusal are both right. */
function checkReply(id: string, step: number, each: Inbound, sent: readonly Sent[]): Verdict | null {
  const answer = sent.map(({ message }) => message).find((message) => message.kind.endsWith('Reply'))
  if (each.stale) {
    const isRefusal =
      !answer || ('success' in answer && !answer.success) || ('voteGranted' in answer && !answer.voteGranted)
    return isRefusal ? null : differs(id, step, 'silence or a refusal', answer)
  }
  if (!each.reply) return null
  const got =
    answer?.kind === 'requestVoteReply'
      ? { type: 'RequestVoteReply', term: answer.term, voteGranted: answer.voteGranted }
      : answer?.kind === 'appendEntriesReply'
        ? { type: 'AppendEntriesReply', term: answer.term, success: answer.success }
        : { answered: answer?.kind ?? 'nothing', to: memberId(each.from) }
  const { type, term, success, voteGranted } = each.reply
  return differs(id, step, type === 'RequestVoteReply' ? { type, term, voteGranted } : { type, term, success }, got)
}
