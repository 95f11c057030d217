import {
  hexOfBytes,
  parseOptions,
  QuorateError,
  type ClusterPlan,
  type ClusterWish,
  type ForcedBeginning,
  type Members,
  type NodeId,
  type Remains,
  type Survivor,
} from '@quorate/contracts'
import { z } from 'zod'
import { clusterIdOf } from '../cluster-id.js'
import { decodeIdentity } from '../identity.js'
import { clusterNameSchema } from '../options.js'
import { seedMember } from './seed-member.js'

const wishSchema = z.looseObject({
  cluster: clusterNameSchema,
  members: z.array(z.unknown()).min(1, { error: 'must name at least one member' }),
})

/** A survivor, with what it was read from and what would become of it. */
interface Candidate {
  readonly survivor: Survivor
  readonly remains: Remains
  readonly beginning: ForcedBeginning
}

/**
 * Plans a cluster that goes on with what the most advanced survivor of another one has, after a majority was lost for
 * good. Nothing is written before {@link ClusterPlan.seed}, and the remains are never written at all.
 *
 * The new cluster has an id of its own, so a member of the old one that comes back is refused `WRONG_CLUSTER`, and its
 * configuration names the life of every member's directory from the first record on, so one that begins anew with an
 * empty directory is refused `MEMBER_IMPOSTOR` (decision D16).
 */
export async function planCluster(remains: readonly Remains[], wish: ClusterWish): Promise<ClusterPlan> {
  parseOptions(wishSchema, wish, 'the cluster that is to go on')
  const clusterId = clusterIdOf(wish.cluster, wish.members)
  const clientAddresses = clientAddressesOf(remains)
  const members = wish.members.map((member) => ({
    ...member,
    clientAddress: member.clientAddress ?? clientAddresses.get(member.id) ?? null,
    incarnation: hexOfBytes(wish.environment.randomBytes(16)),
  }))
  const survivors: Survivor[] = []
  let ahead: Candidate | null = null
  for (const each of remains) {
    const candidate = await candidateOf(each, wish, members)
    checkFits(candidate.survivor, survivors, clusterId)
    survivors.push(candidate.survivor)
    if (!ahead || isAhead(candidate.survivor, ahead.survivor)) ahead = candidate
  }
  if (!ahead)
    throw new QuorateError('INVALID_OPTIONS', 'nothing is left to go on with: name the directory of a survivor')
  const { beginning, remains: source } = ahead
  return {
    survivors,
    source: ahead.survivor,
    clusterId,
    members,
    beginning,
    seed: async (member, storage) => {
      const incarnation = members.find(({ id }) => id === member)?.incarnation
      if (!incarnation) throw new TypeError(`${member} is no member of the cluster that is to go on`)
      const identity = { clusterId, self: member, incarnation, starts: 0, founders: members, peers: new Map() }
      await seedMember(storage, beginning, source, identity)
    },
  }
}

/** Where clients reached the members of the lost cluster: whoever stays a member is reached there, unless it is said anew. */
function clientAddressesOf(remains: readonly Remains[]): ReadonlyMap<NodeId, string> {
  const known = new Map<NodeId, string>()
  for (const { identity, snapshot } of remains) {
    const members = snapshot?.members ?? (identity ? decodeIdentity(identity).founders : [])
    for (const { id, clientAddress } of members) if (clientAddress !== null) known.set(id, clientAddress)
  }
  return known
}

async function candidateOf(remains: Remains, wish: ClusterWish, members: Members): Promise<Candidate> {
  const { snapshot } = remains
  if (!remains.identity) {
    const message = 'it is not known whose this was: it has no identity, so no member ever started on it'
    throw new QuorateError('STORAGE_CORRUPT', message)
  }
  const { self, clusterId, founders } = decodeIdentity(remains.identity)
  const recovery = wish.forceMembers({ snapshot, members })
  await remains.replay((at, bytes) => recovery.record(at, bytes))
  const beginning = recovery.finish()
  const { epoch, last } = beginning
  const known = (snapshot?.members ?? founders).map(({ id }) => id)
  return { remains, beginning, survivor: { id: self, clusterId, members: known, epoch, last } }
}

function checkFits(survivor: Survivor, others: readonly Survivor[], clusterId: string): void {
  const { id } = survivor
  const stranger = others.find((other) => other.clusterId !== survivor.clusterId)
  if (stranger) {
    const message = `${id} is of cluster ${survivor.clusterId} and ${stranger.id} of ${stranger.clusterId}: take the survivors of one`
    throw new QuorateError('WRONG_CLUSTER', message)
  }
  if (others.some((other) => other.id === id)) {
    throw new QuorateError('INVALID_OPTIONS', `${id} was named twice: take each survivor once`)
  }
  if (survivor.clusterId === clusterId) {
    const message =
      `the cluster that is to go on would have the id of the one that was lost (${clusterId}), and members of the old one ` +
      'that come back could not be told apart: give it another name'
    throw new QuorateError('INVALID_OPTIONS', message)
  }
}

function isAhead(one: Survivor, other: Survivor): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.last > other.last)
}
