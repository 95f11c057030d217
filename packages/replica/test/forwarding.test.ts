import { BytesError, nodeId, position, token, type Token } from '@quorate/contracts'
import { expect, test } from 'vitest'
import {
  decodeForward,
  decodeReply,
  encodeForward,
  encodeReply,
  type Forward,
  type ForwardReply,
} from '../src/forward-frames.js'
import { Forwarding } from '../src/forwarding.js'
import { frameKind, frameReserveBytes } from '../src/frame.js'
import type { Proposal } from '../src/proposal.js'
import { RequestIds } from '../src/request-ids.js'

const lowest = (): number => 3
const proposal: Proposal = {
  kind: 'command',
  cluster: new Uint8Array(16).fill(3),
  codec: 'msgpack-1',
  machineVersion: 2,
  session: position(7),
  nonce: new Uint8Array(16).fill(7),
  sequence: 4,
  lowestUnacknowledged: lowest,
  command: Uint8Array.of(1, 2, 3),
}

const forwards: readonly Forward[] = [
  { kind: 'propose', request: token(9), proposal },
  { kind: 'barrier', request: token(10) },
  { kind: 'transfer', request: token(11), to: nodeId('n2') },
  { kind: 'transfer', request: token(12), to: null },
]
const replies: readonly ForwardReply[] = [
  { kind: 'barrier', request: token(1), position: position(44) },
  { kind: 'settled', request: token(2), result: { kind: 'done', position: position(5) } },
  { kind: 'settled', request: token(2), result: { kind: 'done', position: null } },
  { kind: 'settled', request: token(3), result: { kind: 'overwritten' } },
  { kind: 'settled', request: token(4), result: { kind: 'unknown' } },
  {
    ...{ kind: 'settled', request: token(5) },
    result: { kind: 'refused', reason: 'notLeader', leader: nodeId('n3'), detail: 'n1 does not lead' },
  },
  {
    ...{ kind: 'settled', request: token(6) },
    result: { kind: 'refused', reason: 'wrongCluster', leader: null, detail: 'of another cluster' },
  },
]

test('requests and answers read back as they were written', () => {
  for (const forward of forwards) {
    const read = decodeForward(encodeForward(forward, 1).subarray(1))
    if (read.kind === 'propose' && forward.kind === 'propose') {
      expect(read.proposal.lowestUnacknowledged()).toBe(3)
      expect({ ...read.proposal, lowestUnacknowledged: lowest }).toEqual(forward.proposal)
    } else expect(read).toEqual(forward)
  }
  for (const reply of replies) expect(decodeReply(encodeReply(reply, 1).subarray(1))).toEqual(reply)
})

test('damaged requests and answers throw BytesError and nothing else', () => {
  const frames = [
    ...forwards.map((each) => ({ bytes: encodeForward(each, 0), decode: decodeForward })),
    ...replies.map((each) => ({ bytes: encodeReply(each, 0), decode: decodeReply })),
  ]
  for (const { bytes, decode } of frames) {
    for (let at = 0; at < bytes.length; at += 1) {
      for (let value = 0; value < 256; value += 5) {
        try {
          decode(Uint8Array.from(bytes, (byte, each) => (each === at ? value : byte)))
        } catch (error) {
          expect(error).toBeInstanceOf(BytesError)
        }
      }
      expect(() => decode(bytes.subarray(0, at))).toThrow(BytesError)
    }
  }
})

/** A member that is asked by others, and whose protocol the test plays. */
function asked({ takes = true, starts = 1 } = {}) {
  const told: { token: number; reply: ForwardReply }[] = []
  const sent: { to: string; kind: number; reply: ForwardReply }[] = []
  const asking: Forward[] = []
  const handed: Token[] = []
  let tokens = 100
  const hand = (given: Token): boolean => {
    if (takes) handed.push(given)
    return takes
  }
  const forwarding = new Forwarding(
    {
      nextToken: () => token((tokens += 1)),
      send: (to, frame) => {
        if (frame[0] === frameKind.reply)
          sent.push({ to, kind: frame[0], reply: decodeReply(frame.subarray(frameReserveBytes)) })
        else asking.push(decodeForward(frame.subarray(frameReserveBytes)))
        return 'queued'
      },
      propose: hand,
      barrier: hand,
      transfer: hand,
      onReply: (own, reply) => told.push({ token: own, reply }),
    },
    starts,
  )
  const ask = (forward: Forward, from = 'n2'): void => {
    forwarding.onFrame(frameKind.forward, nodeId(from), encodeForward(forward, 0))
  }
  return { forwarding, ask, sent, handed, asking, told }
}

test('D9: a refusal goes back to the member that asked, under its own count; a commit needs no answer', () => {
  const { forwarding, ask, sent, handed } = asked()
  for (const forward of forwards.slice(0, 2)) ask(forward)
  expect(forwarding.pending).toBe(2)
  forwarding.onApplied(handed[0] ?? token(0), null)
  expect(sent).toEqual([])
  expect(forwarding.answerBarrier(handed[1] ?? token(0), position(6))).toBe(true)
  expect(sent).toEqual([{ to: 'n2', kind: frameKind.reply, reply: { kind: 'barrier', request: 10, position: 6 } }])
  expect(forwarding.pending).toBe(0)
  expect(forwarding.settle(token(5), { kind: 'overwritten' })).toBe(false)
})

test('D37: a member that may take no more says so, and keeps nothing of it', () => {
  const { forwarding, ask, sent } = asked({ takes: false })
  ask({ kind: 'barrier', request: token(10) })
  expect(sent[0]?.reply).toMatchObject({ request: 10, result: { kind: 'refused', reason: 'overloaded' } })
  expect(forwarding.pending).toBe(0)
})

test('D37: requests of one member leave room for those of another, and for its own when some have ended', () => {
  const { ask, sent, handed, forwarding } = asked()
  for (let request = 1; request <= 8_200; request += 1) ask({ kind: 'barrier', request: token(request) })
  expect(handed).toHaveLength(8_192)
  expect(sent).toHaveLength(8)
  ask({ kind: 'barrier', request: token(1) }, 'n3')
  expect(handed).toHaveLength(8_193)
  forwarding.settle(handed[0] ?? token(0), { kind: 'overwritten' })
  ask({ kind: 'barrier', request: token(8_201) })
  ask({ kind: 'barrier', request: token(8_202) })
  expect(handed).toHaveLength(8_194)
  expect(sent.at(-1)).toMatchObject({ to: 'n2', reply: { request: 8_202, result: { reason: 'overloaded' } } })
})

test('bytes that are no request throw BytesError, and nothing is sent', () => {
  const { forwarding, sent } = asked()
  for (const kind of [frameKind.forward, frameKind.reply]) {
    expect(() => forwarding.onFrame(kind, nodeId('n2'), Uint8Array.of(9, 9))).toThrow(BytesError)
  }
  expect(sent).toEqual([])
})

test('D9: a request that arrives twice is carried out once, also when the first was refused', () => {
  for (const takes of [true, false]) {
    const { ask, sent, handed, forwarding } = asked({ takes })
    for (const forward of forwards.slice(0, 3)) {
      ask(forward)
      ask(forward)
    }
    ask(forwards[0]!)
    expect(handed).toHaveLength(takes ? 3 : 0)
    expect(sent).toHaveLength(takes ? 0 : 3)
    for (const own of handed) forwarding.settle(own, { kind: 'overwritten' })
    ask(forwards[0]!)
    expect(sent).toHaveLength(3)
  }
})

test('D9: one that was overtaken on its channel is carried out; a channel does not count for the other', () => {
  const { ask, handed } = asked()
  const given = [token(7), token(5), token(6), token(5), token(7), token(2_000), token(1_990), token(900)]
  for (const request of given) ask({ kind: 'barrier', request })
  expect(handed).toHaveLength(5)
  ask({ kind: 'propose', request: token(4), proposal })
  expect(handed).toHaveLength(6)
})

test('D9: requests of a life that began anew are new, and those of a life that is over are not', () => {
  const takenOf = (...lives: number[]): number => {
    const { ask, handed } = asked()
    for (const starts of lives) ask({ kind: 'barrier', request: new RequestIds(starts).idOf(token(3)) })
    return handed.length
  }
  expect(takenOf(1, 2, 1, 3, 2, 3)).toBe(3)
  expect(takenOf(8_190, 8_191, 8_192, 8_193, 8_191)).toBe(4)
})

test('an answer to an earlier life ends nothing in this one, whatever its count', () => {
  const earlier = asked({ starts: 3 })
  const { forwarding, asking, told } = asked({ starts: 4 })
  earlier.forwarding.ask(nodeId('n1'), token(12), { kind: 'barrier' })
  forwarding.ask(nodeId('n1'), token(12), { kind: 'barrier' })
  const answer = (request: number): void => {
    const reply = encodeReply({ kind: 'settled', request, result: { kind: 'overwritten' } }, 0)
    forwarding.onFrame(frameKind.reply, nodeId('n1'), reply)
  }
  answer(earlier.asking[0]?.request ?? 0)
  expect(told).toEqual([])
  answer(asking[0]?.request ?? 0)
  expect(told).toMatchObject([{ token: 12, reply: { kind: 'settled' } }])
})

test('an opening that is none is no request', () => {
  const { ask, sent, handed } = asked()
  const opening = { ...proposal, kind: 'openSession' } as const
  expect(() => ask({ kind: 'propose', request: token(1), proposal: opening })).toThrow(BytesError)
  expect([handed, sent]).toEqual([[], []])
})

test('of what was applied, only a lack of room is told: the asker cannot see which attempt found none', () => {
  const { forwarding, ask, sent, handed } = asked()
  const place = { key: proposal, sequence: 4, command: proposal.command }
  const outcomes = [
    { kind: 'answered', ...place, result: new Uint8Array() },
    { kind: 'refused', ...place, why: 'expired' },
    { kind: 'refused', ...place, why: 'full' },
    null,
  ] as const
  for (const [at, outcome] of outcomes.entries()) {
    ask({ kind: 'propose', request: token(20 + at), proposal })
    forwarding.onApplied(handed[at] ?? token(0), outcome)
  }
  expect(forwarding.pending).toBe(0)
  expect(sent).toMatchObject([
    { to: 'n2', reply: { kind: 'settled', request: 22, result: { kind: 'refused', reason: 'overloaded' } } },
  ])
})
