import type { ClusterPlan, Member, Survivor } from '@quorate/contracts'
import type { RecoverWish } from './recover.js'

/** A plan for a person: what is left, what will be taken for committed, and what must be true for it to be right. */
export function describePlan(
  { survivors, source, beginning, clusterId, members }: ClusterPlan,
  wish: RecoverWish,
): string[] {
  const directory = wish.survivors[survivors.indexOf(source)]?.directory ?? ''
  const { snapshot, undecided, last } = beginning
  const spans = undecided.map(({ epoch, first, last: end, bytes }) => {
    return `  epoch ${epoch}: positions ${first} to ${end}, ${bytes} bytes`
  })
  return [
    ...survivors.map((survivor) => describeSurvivor(survivor, survivor === source)),
    ...(wish.from === 'survivors' ? noteOfMajority(survivors) : []),
    '',
    snapshot
      ? `Committed for certain: up to position ${snapshot.position}, by its snapshot.`
      : 'Nothing is committed for certain.',
    ...(spans.length === 0
      ? ['There is nothing behind it.']
      : [
          'Will be taken for committed too, though nothing here can tell whether it was:',
          ...spans,
          `(to see one: quorate-storage inspect ${directory} --position ${last} --decode @quorate/raft)`,
        ]),
    wish.from === 'backups'
      ? `Lost: whatever was committed behind position ${last}, after the backup was taken, acknowledged or not.`
      : `Lost: whatever other members have committed behind position ${last}, acknowledged or not.`,
    '',
    `The new cluster is "${wish.cluster}", ${clusterId}:`,
    ...members.map(describeMember),
    '',
    'This is right only if:',
    '- no member of the old cluster runs, or ever will again: it would go on by itself, from the same past;',
    '- no other survivor is ahead: name its directory too, or run this where it is. The later epoch is ahead, and of',
    '  equal epochs the larger position;',
    '- every new member starts with the directory that is written for it, and none with an empty one.',
  ]
}

/** What was written, and how to go on. */
export function describeSeeds({ members }: ClusterPlan, into: string, cluster: string): string[] {
  return [
    '',
    `Written, synced and read back: ${members.map(({ id }) => `${into}/${id}`).join(', ')}`,
    `Move each to its machine, and start the members with cluster: '${cluster}' and members: {`,
    ...members.map((member) => `  ${JSON.stringify(member.id)}: ${optionOf(member)},`),
    '}. The old directories were not changed: keep them until you are sure.',
  ]
}

function describeSurvivor({ id, clusterId, members, epoch, last }: Survivor, isSource: boolean): string {
  const taken = isSource ? '   <- goes on' : ''
  return `${id} of ${clusterId} (with ${members.join(', ')}): ends in epoch ${epoch} at position ${last}${taken}`
}

function noteOfMajority(survivors: readonly Survivor[]): string[] {
  const known = survivors[0]?.members.length ?? 0
  if (survivors.length <= known / 2) return []
  return [`Note: ${survivors.length} of ${known} members are a majority. Start them, and nothing is lost at all.`]
}

function describeMember({ id, address, clientAddress }: Member): string {
  return `  ${id} at ${address}${clientAddress === null ? '' : `, for clients at ${clientAddress}`}`
}

function optionOf({ address, clientAddress }: Member): string {
  return clientAddress === null ? `'${address}'` : `{ address: '${address}', clientAddress: '${clientAddress}' }`
}
