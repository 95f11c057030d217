/** Numbers near the end of all numbers, from a peer and as a state to begin with: none of them wedges anybody. */
import { nodeId, position, seededRandom, sequence, sortedMembers, token } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { countMax, indexStepMax, termStepMax } from '../src/bounds.js'
import { encodeRecord, logIndex, raft, term, type Raft, type RaftMessage } from '../src/index.js'
import { decodeMessage, encodeMessage } from '../src/wire/message-codec.js'
import { Cores } from './cores.js'

const [last, none] = [term(countMax), logIndex(0)]
const members = sortedMembers(
  ['n1', 'n2', 'n3'].map((id) => ({
    ...{ id: nodeId(id), address: `${id}:1`, clientAddress: null, incarnation: null, role: 'voter' as const },
  })),
)
const meta = { position: position(countMax), epoch: 1, members, protocol: new Uint8Array() }

/** What a member could say to make others go where nobody can follow. Each can be read. */
const far: readonly (readonly [string, RaftMessage])[] = [
  ['a vote', { kind: 'requestVote', term: last, lastLogIndex: logIndex(9), lastLogTerm: term(1), isTransfer: true }],
  ['a refused vote', { kind: 'requestVoteReply', term: last, voteGranted: false }],
  ['a refused pre-vote', { kind: 'requestPreVoteReply', term: last, voteGranted: false }],
  ['a heartbeat', { kind: 'heartbeat', term: last, leaderCommit: none, round: 0 }],
  ['an answer to one', { kind: 'heartbeatReply', term: last, round: 0 }],
  ['a snapshot', { kind: 'installSnapshot', term: term(9), meta }],
  [
    'a log',
    { kind: 'requestVote', term: term(9), lastLogIndex: logIndex(countMax), lastLogTerm: term(8), isTransfer: true },
  ],
]

test.each(far)(
  'F-34: %s far ahead of all that is known is refused, and said; the next election is won',
  (_, message) => {
    const cores = new Cores('n1 n2 n3', { preVote: false, checkQuorum: false })
    cores.elect('n1')
    const n1 = cores.core('n1')
    cores.receive('n1', 'n2', message)
    expect(n1.state).toMatchObject({ role: 'leader', hardState: { currentTerm: 1 }, fetching: null })
    expect(n1.raft.describe()).toMatchObject({
      refused: expect.stringMatching(/^n2: a \w+ (of term|with index) \d+ is too far ahead of/) as string,
    })
    cores.cut('n1', 'n2 n3')
    cores.elect('n3')
    expect(cores.core('n3').state.hardState.currentTerm).toBeLessThan(100)
  },
)

test('F-34: what is as far ahead as may be is followed, and left by an election that others can read', () => {
  const cores = new Cores('n1 n2 n3', { preVote: false, checkQuorum: false })
  cores.receive('n1', 'n2', { kind: 'heartbeat', term: term(termStepMax + 1), leaderCommit: none, round: 0 })
  expect(cores.core('n1').state.hardState.currentTerm).toBe(0)
  cores.receive('n1', 'n2', { kind: 'heartbeat', term: term(termStepMax), leaderCommit: none, round: 0 })
  expect(cores.core('n1').state.hardState.currentTerm).toBe(termStepMax)
  const log = { lastLogIndex: logIndex(indexStepMax), lastLogTerm: term(1) }
  cores.receive('n1', 'n2', { kind: 'requestVote', term: term(termStepMax + 1), ...log })
  expect(cores.core('n1').state.hardState.votedFor).toBe('n2')
  cores.elect('n1')
  expect(cores.leaders).toEqual(['n1'])
})

/** A member whose journal says this term, after `ticks`. */
function beginningAt(currentTerm: number, ticks: number): Raft {
  const module = raft({ preVote: false })
  const start = { self: nodeId('n1'), incarnation: 'i', bootstrap: null, snapshot: null, tickMs: 10 }
  const recovery = module.recover({ ...start, random: seededRandom(1) })
  recovery.record(sequence(1), encodeRecord({ kind: 'bootstrap', members }))
  const hardState = { currentTerm: term(currentTerm), votedFor: null }
  recovery.record(sequence(2), encodeRecord({ kind: 'hardState', hardState }))
  const core = recovery.finish() as Raft
  for (let at = 0; at < ticks; at += 1) core.step({ kind: 'tick', missed: 0 })
  return core
}

test.each([countMax - 1, countMax])(
  'F-34: a member that begins in term %d says nothing that cannot be read',
  (begun) => {
    const core = beginningAt(begun, 200)
    core.step({ kind: 'admin', token: token(1), command: { kind: 'campaign' } })
    const { messages, messagesAfterPersist, settled } = core.takeReady()
    const said = [...messages, ...messagesAfterPersist].map(({ message }) => message)
    for (const message of said) expect(decodeMessage(encodeMessage(message, 0))).toEqual(message)
    expect(core.state.hardState.currentTerm).toBe(countMax)
    const atEnd = expect.stringMatching(/is the last that there is: begin another cluster/) as string
    expect(core.describe()).toMatchObject({ atEnd })
    expect(settled).toMatchObject([{ token: 1, result: { kind: 'refused', reason: 'invalid', detail: atEnd } }])
  },
)
