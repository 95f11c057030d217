import type { NodeId } from '@quorate/contracts'
import { isEarlierLife, lifeOf } from './request-ids.js'

/** How far behind the newest request of a channel an earlier one may still come for the first time. */
const windowRequests = 1_024

/**
 * What members have asked of this one, so that each request is carried out once, however often it arrives (decision D9):
 * the answers to two copies would be taken for two answers to one.
 */
export class SeenRequests {
  readonly #askers = new Map<NodeId, { readonly life: number; readonly channels: Map<string, RecentRequests> }>()

  /** True the first time that a request comes, unless its asker has started anew meanwhile. */
  isNew(from: NodeId, channel: string, id: number): boolean {
    const life = lifeOf(id)
    let asker = this.#askers.get(from)
    if (asker && isEarlierLife(life, asker.life)) return false
    if (asker?.life !== life) {
      asker = { life, channels: new Map() }
      this.#askers.set(from, asker)
    }
    const recent = asker.channels.get(channel) ?? new RecentRequests()
    asker.channels.set(channel, recent)
    return recent.isNew(id)
  }
}

/**
 * The newest requests of one channel. An asker counts up, and a channel keeps its order; a little disorder is forgiven, and
 * what is older than the window is taken for a copy: it is asked again.
 */
class RecentRequests {
  readonly #recent = new Float64Array(windowRequests)
  #newest = 0

  isNew(id: number): boolean {
    const at = id % windowRequests
    if (id <= this.#newest - windowRequests || this.#recent[at] === id) return false
    this.#recent[at] = id
    this.#newest = Math.max(this.#newest, id)
    return true
  }
}
