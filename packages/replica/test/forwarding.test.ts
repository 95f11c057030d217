import { BytesError, nodeId, position, token, type NodeId, type Token } from '@quorate/contracts'
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
import { frameKind } from '../src/frame.js'
import type { Proposal } from '../src/proposal.js'

const lowest = (): number => 3
const proposal: Proposal = {
  kind: 'command',
  session: position(7),
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
function asked(takes = true) {
  const sent: { to: string; kind: number; reply: ForwardReply }[] = []
  const handed: Token[] = []
  let tokens = 100
  const hand = (given: Token): boolean => {
    if (takes) handed.push(given)
    return takes
  }
  const forwarding = new Forwarding({
    nextToken: () => token((tokens += 1)),
    send: (to, frame) => {
      sent.push({ to, kind: frame[0] ?? 0, reply: decodeReply(frame.subarray(1)) })
      return 'queued'
    },
    propose: hand,
    barrier: hand,
    transfer: hand,
    onReply: () => {},
    warn: (from: NodeId, message) => sent.push({ to: from, kind: -1, reply: message as never }),
  })
  const ask = (forward: Forward): void => {
    forwarding.onFrame(frameKind.forward, nodeId('n2'), encodeForward(forward, 0))
  }
  return { forwarding, ask, sent, handed }
}

test('D9: a refusal goes back to the member that asked, under its own count; a commit needs no answer', () => {
  const { forwarding, ask, sent, handed } = asked()
  for (const forward of forwards.slice(0, 2)) ask(forward)
  expect(forwarding.pending).toBe(2)
  forwarding.onCommitted(handed[0] ?? token(0))
  expect(sent).toEqual([])
  expect(forwarding.answerBarrier(handed[1] ?? token(0), position(6))).toBe(true)
  expect(sent).toEqual([{ to: 'n2', kind: frameKind.reply, reply: { kind: 'barrier', request: 10, position: 6 } }])
  expect(forwarding.pending).toBe(0)
  expect(forwarding.settle(token(5), { kind: 'overwritten' })).toBe(false)
})

test('D37: a member that may take no more says so, and keeps nothing of it', () => {
  const { forwarding, ask, sent } = asked(false)
  ask({ kind: 'barrier', request: token(10) })
  expect(sent[0]?.reply).toMatchObject({ request: 10, result: { kind: 'refused', reason: 'overloaded' } })
  expect(forwarding.pending).toBe(0)
})

test('bytes that are no request are told, and nothing more', () => {
  const { forwarding, sent } = asked()
  forwarding.onFrame(frameKind.forward, nodeId('n2'), Uint8Array.of(9, 9))
  expect(sent).toMatchObject([{ to: 'n2', kind: -1 }])
})
