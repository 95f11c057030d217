import {
  ByteReader,
  BytesError,
  ByteWriter,
  compareIds,
  nodeId,
  QuorateError,
  readMembers,
  writeMembers,
  type Members,
  type NodeId,
} from '@quorate/contracts'

const format = 2

/** What a member has seen of a peer's life: kept until the configuration itself holds the incarnation (decision D16). */
export interface PeerLife {
  readonly incarnation: string
  /** How often that peer had started when it was last heard. */
  readonly starts: number
  /** The run that was heard under this number of starts. */
  readonly run: string
  /** It has vouched for every record of its journal up to this one, in this run or an earlier one (decision 0011). */
  readonly persisted: number
}

/** Who this member is, across its lives. The driver's own small file (decision D15). */
export interface Identity {
  readonly clusterId: string
  readonly self: NodeId
  /** Random, made with the directory. */
  readonly incarnation: string
  /** How often this directory was opened, this time included. */
  readonly starts: number
  readonly founders: Members
  readonly peers: ReadonlyMap<NodeId, PeerLife>
}

/** Writes an identity. */
export function encodeIdentity(identity: Identity): Uint8Array {
  const writer = new ByteWriter(256)
    .u8(format)
    .ascii(identity.clusterId)
    .ascii(identity.self)
    .ascii(identity.incarnation)
    .u53(identity.starts)
  writeMembers(writer, identity.founders)
  const peers = [...identity.peers].sort(([left], [right]) => compareIds(left, right))
  writer.u32(peers.length)
  for (const [id, life] of peers) {
    writer.ascii(id).ascii(life.incarnation).u53(life.starts).ascii(life.run).u53(life.persisted)
  }
  return writer.finish()
}

/** Reads an identity. Throws `FORMAT_TOO_NEW`, or `STORAGE_CORRUPT` for bytes that are none. */
export function decodeIdentity(bytes: Uint8Array): Identity {
  try {
    const reader = new ByteReader(bytes)
    const found = reader.u8()
    if (found > format) {
      const message = `the identity file has format ${found} and this version reads ${format}: start a newer version here`
      throw new QuorateError('FORMAT_TOO_NEW', message)
    }
    const identity = {
      clusterId: reader.ascii(),
      self: nodeId(reader.ascii()),
      incarnation: reader.ascii(),
      starts: reader.u53(),
      founders: readMembers(reader),
      peers: readPeers(reader, found),
    }
    reader.end()
    return identity
  } catch (error) {
    if (!(error instanceof BytesError) && !(error instanceof TypeError)) throw error
    const message = `the identity file cannot be read (${error.message}): restore it, or start this member in a new directory`
    throw new QuorateError('STORAGE_CORRUPT', message, { cause: error })
  }
}

function readPeers(reader: ByteReader, found: number): Map<NodeId, PeerLife> {
  const peers = new Map<NodeId, PeerLife>()
  for (let left = reader.count(20); left > 0; left -= 1) {
    const id = nodeId(reader.ascii())
    const life = { incarnation: reader.ascii(), starts: reader.u53(), run: reader.ascii() }
    peers.set(id, { ...life, persisted: found > 1 ? reader.u53() : 0 })
  }
  return peers
}
