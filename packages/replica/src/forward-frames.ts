import {
  ByteReader,
  BytesError,
  ByteWriter,
  clusterIdBytes,
  isNodeId,
  position,
  sessionNonceBytes,
  type NodeId,
  type Position,
} from '@quorate/contracts'
import type { Proposal } from './proposal.js'
import type { Ending } from './refusals.js'
import { decodeOpening } from './sessions/opening.js'

/** What a member asks of the one that leads. Its `request` is the asker's name for it (`RequestIds`). */
export type Forward =
  | { readonly kind: 'propose'; readonly request: number; readonly proposal: Proposal }
  | { readonly kind: 'barrier'; readonly request: number }
  | { readonly kind: 'transfer'; readonly request: number; readonly to: NodeId | null }

/** How it ended at the one that was asked. A proposal that was committed is not told: the asker applies it itself. */
export type ForwardReply =
  | { readonly kind: 'barrier'; readonly request: number; readonly position: Position }
  | { readonly kind: 'settled'; readonly request: number; readonly result: Ending }

const forwardKinds = ['propose', 'barrier', 'transfer'] as const
const proposalKinds = ['command', 'openSession', 'closeSession'] as const
const settledKinds = ['done', 'refused', 'overwritten', 'unknown'] as const
const reasons = [
  'notLeader',
  'overloaded',
  'inProgress',
  'invalid',
  'tooLarge',
  'unsupported',
  'wrongCluster',
  'versionNotActive',
] as const

/** Writes a request behind `reserve` bytes for whoever frames it. */
export function encodeForward(forward: Forward, reserve: number): Uint8Array {
  const writer = new ByteWriter(128, reserve).u8(forwardKinds.indexOf(forward.kind)).u53(forward.request)
  if (forward.kind === 'propose') {
    const { kind, cluster, codec, machineVersion, session, nonce, sequence, lowestUnacknowledged, command } =
      forward.proposal
    writer.u8(proposalKinds.indexOf(kind)).raw(cluster).ascii(codec).u32(machineVersion)
    writer.u53(session).raw(nonce).u53(sequence).u53(lowestUnacknowledged()).bytes(command)
  }
  if (forward.kind === 'transfer') writer.asciiOrNull(forward.to)
  return writer.finish()
}

/** Inverse of {@link encodeForward}. Throws {@link BytesError}. */
export function decodeForward(bytes: Uint8Array): Forward {
  const reader = new ByteReader(bytes)
  const kind = forwardKinds[reader.u8()]
  const request = reader.u53()
  if (kind === undefined) throw new BytesError('this version knows no such request')
  const forward: Forward =
    kind === 'propose'
      ? { kind, request, proposal: readProposal(reader) }
      : kind === 'barrier'
        ? { kind, request }
        : { kind, request, to: readNodeIdOrNull(reader) }
  reader.end()
  return forward
}

/** Writes an answer behind `reserve` bytes. */
export function encodeReply(reply: ForwardReply, reserve: number): Uint8Array {
  const writer = new ByteWriter(96, reserve).boolean(reply.kind === 'barrier').u53(reply.request)
  if (reply.kind === 'barrier') return writer.u53(reply.position).finish()
  const { result } = reply
  writer.u8(settledKinds.indexOf(result.kind))
  if (result.kind === 'done') writer.u53(result.position ?? 0)
  if (result.kind === 'refused') {
    writer.u8(reasons.indexOf(result.reason)).asciiOrNull(result.leader).ascii(asciiOf(result.detail))
  }
  return writer.finish()
}

/** Inverse of {@link encodeReply}. Throws {@link BytesError}. */
export function decodeReply(bytes: Uint8Array): ForwardReply {
  const reader = new ByteReader(bytes)
  const isBarrier = reader.boolean()
  const request = reader.u53()
  const reply: ForwardReply = isBarrier
    ? { kind: 'barrier', request, position: position(reader.u53()) }
    : { kind: 'settled', request, result: readSettled(reader) }
  reader.end()
  return reply
}

function readProposal(reader: ByteReader): Proposal {
  const kind = proposalKinds[reader.u8()]
  if (kind === undefined) throw new BytesError('this version knows no such proposal')
  const cluster = reader.raw(clusterIdBytes)
  const [codec, machineVersion] = [reader.ascii(), reader.u32()]
  const [session, nonce] = [position(reader.u53()), reader.raw(sessionNonceBytes)]
  const [sequence, lowest] = [reader.u53(), reader.u53()]
  const command = reader.bytes()
  if (kind === 'openSession') decodeOpening(command)
  return { kind, cluster, codec, machineVersion, session, nonce, sequence, lowestUnacknowledged: () => lowest, command }
}

function readSettled(reader: ByteReader): Ending {
  const kind = settledKinds[reader.u8()]
  if (kind === undefined) throw new BytesError('this version knows no such end')
  switch (kind) {
    case 'done': {
      const at = reader.u53()
      return { kind, position: at === 0 ? null : position(at) }
    }
    case 'refused': {
      const reason = reasons[reader.u8()]
      if (reason === undefined) throw new BytesError('this version knows no such refusal')
      return { kind, reason, leader: readNodeIdOrNull(reader), detail: reader.ascii() }
    }
    case 'overwritten':
    case 'unknown':
      return { kind }
  }
}

function readNodeIdOrNull(reader: ByteReader): NodeId | null {
  const text = reader.asciiOrNull()
  if (text !== null && !isNodeId(text)) throw new BytesError(`"${text}" names no member`)
  return text
}

function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
