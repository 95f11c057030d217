/** Every codec of the driver and of what is replicated, on bytes that somebody damaged (F-38). */
import {
  ByteReader,
  BytesError,
  ByteWriter,
  clusterTime,
  decodeEnvelope,
  encodeEnvelope,
  nodeId,
  position,
  QuorateError,
  sortedMembers,
  token,
} from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { expect, test } from 'vitest'
import { feedDamaged, type Codec } from '../../../tools/damaged-bytes/feed-damaged.js'
import { decodeForward, decodeReply, encodeForward, encodeReply, type ForwardReply } from '../src/forward-frames.js'
import { decodeHello, encodeHello, type Hello } from '../src/hello.js'
import { decodeIdentity, encodeIdentity } from '../src/identity.js'
import { decodeOpening, encodeOpening } from '../src/sessions/opening.js'
import { readSessions, writeSessions } from '../src/sessions/session-codec.js'
import { SessionTable } from '../src/sessions/session-table.js'
import {
  decodeSnapshotAnswer,
  decodeSnapshotRequest,
  encodeSnapshotAnswer,
  encodeSnapshotRequest,
} from '../src/snapshots/snapshot-frames.js'
import { announcedMachine } from '../src/versions/command-lists.js'
import { readImageHead, writeImageHead } from '../src/state-image.js'

const isBytesError = (error: unknown): boolean => error instanceof BytesError
const isOf =
  (...codes: string[]) =>
  (error: unknown): boolean =>
    error instanceof QuorateError && codes.includes(error.code)

function feed<Value>(
  samples: readonly Uint8Array[],
  codec: Omit<Codec<Value>, 'isRefusal'> & Partial<Codec<Value>>,
): void {
  expect(feedDamaged(samples, { isRefusal: isBytesError, ...codec }).refused).toBeGreaterThan(1_000)
}

const command = Uint8Array.of(7, 0, 255)

test('F-38: envelopes', () => {
  const sample = encodeEnvelope({
    kind: 'command',
    cluster: new Uint8Array(16).fill(3),
    codec: 'msgpack',
    machineVersion: 3,
    wallMs: 2 ** 41,
    clusterTime: clusterTime(12_345),
    session: position(9),
    sessionNonce: new Uint8Array(16).fill(9),
    sessionSequence: 4,
    lowestUnacknowledged: 2,
    command,
  })
  feed([sample], {
    decode: decodeEnvelope,
    encode: encodeEnvelope,
    isRefusal: (error) => isBytesError(error) || isOf('FORMAT_TOO_NEW')(error),
  })
})

test('F-38: requests that are forwarded, and their answers', () => {
  const proposal = {
    kind: 'command',
    cluster: new Uint8Array(16).fill(3),
    codec: 'msgpack-1',
    machineVersion: 2,
    session: position(7),
    nonce: new Uint8Array(16).fill(7),
    sequence: 4,
    lowestUnacknowledged: () => 3,
    command,
  } as const
  const forwards = [
    encodeForward({ kind: 'propose', request: token(9), proposal }, 0),
    encodeForward({ kind: 'barrier', request: token(10) }, 0),
    encodeForward({ kind: 'transfer', request: token(11), to: nodeId('n2') }, 0),
    encodeForward({ kind: 'transfer', request: token(12), to: null }, 0),
  ]
  feed(forwards, { decode: decodeForward, encode: (forward) => encodeForward(forward, 0) })
  const refused = { kind: 'refused', reason: 'notLeader', leader: nodeId('n3'), detail: 'n1 does not lead' } as const
  const replies: ForwardReply[] = [
    { kind: 'barrier', request: token(1), position: position(44) },
    { kind: 'settled', request: token(2), result: { kind: 'done', position: position(5) } },
    { kind: 'settled', request: token(3), result: { kind: 'overwritten' } },
    { kind: 'settled', request: token(4), result: refused },
  ]
  // A detail is for people: what cannot be shown is replaced where it is written.
  feed(
    replies.map((reply) => encodeReply(reply, 0)),
    { decode: decodeReply, encode: null },
  )
})

test('F-38: requests for parts of an image, and their answers', () => {
  feed([encodeSnapshotRequest({ position: position(7), offset: 2 ** 33, bytes: 1_000 }).slice(1)], {
    decode: decodeSnapshotRequest,
    encode: (request) => encodeSnapshotRequest(request).slice(1),
  })
  const chunk = { kind: 'chunk', position: position(7), offset: 2, total: 5 } as const
  const answers = [
    encodeSnapshotAnswer({ ...chunk, digest: Uint8Array.of(1, 2), bytes: Uint8Array.of(3, 4, 5) }).slice(1),
    encodeSnapshotAnswer({ kind: 'gone', position: position(9) }).slice(1),
  ]
  feed(answers, { decode: decodeSnapshotAnswer, encode: (answer) => encodeSnapshotAnswer(answer).slice(1) })
})

/** Two sessions, with answers that nobody has acknowledged. */
function tableOfTwo(): SessionTable {
  const table = new SessionTable()
  for (const id of [4, 9]) {
    table.put({
      id: position(id),
      cluster: new Uint8Array(16).fill(3),
      nonce: new Uint8Array(16).fill(id),
      owner: id === 4 ? 'caller' : 'member',
      timeoutMs: 500,
      lastActive: clusterTime(10),
      lowestUnacknowledged: 1,
      highestSequence: 3,
      results: new Map([
        [1, { digest: { high: 2 ** 32 - 1, low: 7 }, result: Uint8Array.of(1, 2), refused: null }],
        [3, { digest: { high: 0, low: 0 }, result: new Uint8Array(), refused: 'noCommand' }],
      ]),
      resultBytes: 2,
    })
  }
  return table
}

test('F-38: tables of sessions, and the commands that open them', () => {
  const write = (table: SessionTable): Uint8Array => {
    const writer = new ByteWriter()
    writeSessions(writer, table)
    return writer.finish()
  }
  feed([write(new SessionTable()), write(tableOfTwo())], {
    decode: (bytes) => {
      const reader = new ByteReader(bytes)
      const table = readSessions(reader)
      reader.end()
      return table
    },
    encode: write,
  })
  feed([encodeOpening({ owner: 'member', timeoutMs: 60_000 })], {
    decode: decodeOpening,
    encode: encodeOpening,
  })
})

test('F-38: hellos and identities', () => {
  const hello: Hello = {
    challenge: new Uint8Array(16).fill(7),
    to: nodeId('n2'),
    clusterId: 'c0ffee',
    self: nodeId('n1'),
    incarnation: 'first',
    starts: 3,
    run: 'r1',
    recovered: 300,
    protocol: 'raft',
    versions: { oldest: 1, newest: 1 },
    clientAddress: '127.0.0.1:8001',
    machine: announcedMachine(counter),
    supports: new Map([
      ['envelope', 1],
      ['machine', 3],
    ]),
  }
  feed([encodeHello(hello)], {
    decode: (bytes) => {
      const read = decodeHello(bytes)
      if ('refuse' in read) throw new BytesError(read.refuse)
      return read
    },
    encode: encodeHello,
  })
  const member = { id: nodeId('n1'), address: 'a:1', clientAddress: null, incarnation: null, role: 'voter' } as const
  const identity = encodeIdentity({
    ...{ clusterId: 'c0ffee', self: nodeId('n1'), incarnation: 'first', starts: 3 },
    founders: sortedMembers([member, { ...member, id: nodeId('n2'), clientAddress: 'a:2', incarnation: 'x' }]),
    peers: new Map([[nodeId('n2'), { incarnation: 'x', starts: 2, run: 'r2', persisted: 70_000 }]]),
  })
  feed([identity], {
    decode: decodeIdentity,
    encode: null,
    isRefusal: isOf('STORAGE_CORRUPT', 'FORMAT_TOO_NEW'),
  })
})

test('F-38: the beginning of an image', async () => {
  const head = writeImageHead(
    counter.create(),
    new Map([['envelope', 1]]),
    { clusterTime: clusterTime(5), wallMs: 6 },
    tableOfTwo(),
  )
  const isRefusal = isOf('STORAGE_CORRUPT', 'FORMAT_TOO_NEW')
  const read = async (bytes: Uint8Array): Promise<string> => {
    async function* image() {
      yield bytes
    }
    try {
      const { sessions } = await readImageHead(counter.create(), new Map(), image())
      return `${sessions.size} sessions`
    } catch (error) {
      if (!isRefusal(error)) throw error
      return 'refused'
    }
  }
  expect(await read(head)).toBe('2 sessions')
  for (let at = 0; at < head.length; at += 1) {
    expect(await read(head.slice(0, at))).toBe('refused')
    for (let value = 0; value < 256; value += 3) {
      const changed = head.slice()
      changed[at] = value
      await read(changed)
    }
    const lying = head.slice()
    lying.fill(255, at, at + 4)
    await read(lying)
  }
})
