import type { ByteReader, ByteWriter } from './bytes.js'
import { BytesError } from './bytes.js'
import { compareIds, isNodeId, type NodeId } from './units.js'

/** One member as the configuration knows it. */
export interface Member {
  readonly id: NodeId
  /** Where its peers reach it. ASCII. */
  readonly address: string
  /** Where its clients reach it, if it said so. ASCII. */
  readonly clientAddress: string | null
  /** The life of its data directory; null for a founder until the leader binds it (decision D16). */
  readonly incarnation: string | null
  readonly role: 'voter' | 'learner'
}

/** The members of a cluster, sorted by id, by code unit. */
export type Members = readonly Member[]

/** Sorted by id, as every holder of {@link Members} may rely on. */
export function sortedMembers(members: readonly Member[]): Members {
  return [...members].sort((left, right) => compareIds(left.id, right.id))
}

/** Appends members to a writer. */
export function writeMembers(writer: ByteWriter, members: Members): void {
  writer.u32(members.length)
  for (const member of members) {
    writer.ascii(member.id).ascii(member.address).asciiOrNull(member.clientAddress).asciiOrNull(member.incarnation)
    writer.boolean(member.role === 'voter')
  }
}

/** Reads what {@link writeMembers} wrote. Throws {@link BytesError} on anything else. */
export function readMembers(reader: ByteReader): Members {
  const members: Member[] = []
  for (let left = reader.count(11); left > 0; left -= 1) {
    const id = reader.ascii()
    if (!isNodeId(id)) throw new BytesError(`"${id}" names no member`)
    const previous = members.at(-1)
    if (previous && compareIds(previous.id, id) >= 0) throw new BytesError('members are not sorted by id')
    members.push({
      id,
      address: reader.ascii(),
      clientAddress: reader.asciiOrNull(),
      incarnation: reader.asciiOrNull(),
      role: reader.boolean() ? 'voter' : 'learner',
    })
  }
  return members
}
