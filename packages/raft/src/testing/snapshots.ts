import type { ScenarioCluster } from './cluster.js'
import type { ScenarioMember } from './member.js'
import { CommandError } from './scenario-error.js'
import { describeMeta } from './wording.js'

/** A checkpoint: an image of the machine as it is becomes durable, and the core is told. */
export function takeSnapshot(cluster: ScenarioCluster, member: ScenarioMember): void {
  const image = member.checkpoint()
  if (!image) {
    cluster.say(`${member.id} has nothing to save`, 'news')
    return
  }
  member.disk.saveImage(image)
  cluster.say(`${member.id} saves snapshot ${describeMeta(image.meta)}`, 'news')
  member.step({ kind: 'snapshotSaved', meta: image.meta })
}

/**
 * The image that the member's core asked for becomes durable there, or the attempt fails: because it is told to, or because
 * the sender has it no more. While the sender is not reached the member goes on trying.
 */
export function fetchSnapshot(cluster: ScenarioCluster, member: ScenarioMember, isToFail: boolean): void {
  const { fetching } = member
  if (!fetching) throw new CommandError(`${member.id} asks nobody for a snapshot`)
  const { from, meta } = fetching
  const name = describeMeta(meta)
  const sender = cluster.member(from)
  const isReached = sender.isUp && !cluster.network.isCut({ from, to: member.id })
  if (!isToFail && !isReached) {
    cluster.say(`${member.id} does not reach ${from} and tries again`, 'news')
    return
  }
  const image = isToFail ? null : sender.disk.imageAt(meta.position)
  member.fetching = null
  if (image) {
    member.disk.saveImage(image)
    cluster.say(`${member.id} has fetched snapshot ${name} from ${from}`, 'news')
    member.step({ kind: 'snapshotFetched', meta })
  } else {
    cluster.say(
      `${member.id} cannot fetch snapshot ${name} from ${from}${isToFail ? '' : ', where it is gone'}`,
      'news',
    )
    member.step({ kind: 'snapshotFailed', meta })
  }
}
