import { QuorateError } from '@quorate/contracts'
import type { HttpAnswer } from './http-port.js'

const clusterIdPattern = /^[0-9a-f]{32}$/

/**
 * The cluster that a client has to do with: that of its first answer, for as long as the client lives. Another cluster may
 * answer at the same addresses later, after a recovery or a new installation, and know nothing of what this one has
 * acknowledged.
 */
export class ClusterPin {
  #id: string | null = null

  /** What requests say beside their own parameters: members of another cluster refuse them. */
  get parameter(): string {
    return this.#id === null ? '' : `&cluster=${this.#id}`
  }

  /** True if an answer says that it comes from this cluster; as long as there is none, from any. */
  isOurs(answer: HttpAnswer): boolean {
    const id = answer.headers['quorate-cluster']
    return id !== undefined && clusterIdPattern.test(id) && (this.#id ?? id) === id
  }

  /** Learns the cluster from an answer. Returns what is wrong if it comes from another one. */
  check(answer: HttpAnswer, address: string): QuorateError | null {
    const id = answer.headers['quorate-cluster']
    if (id === undefined || !clusterIdPattern.test(id)) return null
    this.#id ??= id
    if (this.#id === id) return null
    const message = `${address} belongs to cluster ${id}, and this client has begun in ${this.#id}: make a new client to go on there`
    return new QuorateError('WRONG_CLUSTER', message, { outcome: 'unknown' })
  }
}
