import type { Client } from './client-addresses.js'

/** A part that is kept for established clients: of each quota, others take no more than the rest. */
const reservedPart = 0.25

/** What a quota is made of. */
export interface QuotaLimits {
  /** Of all clients together. */
  readonly max: number
  /** The part of it that one client address may hold, above 0 and up to 1. */
  readonly addressShare: number
  /** What a single request may need, whatever the parts come to. */
  readonly loneMax?: number
}

/** What one client holds of a quota. */
export interface ClientQuota {
  /** False if there is no room; then nothing was taken. */
  take(count: number): boolean
  hasRoomFor(count: number): boolean
  /** Takes them whatever room there is: for what is small, and has to be said. */
  force(count: number): void
  give(count: number): void
}

/**
 * Something of which all requests under way hold a bounded amount together (decision D37), and those of one client address
 * a share of it (decision 0020). A quarter of it is kept for established clients: those who only come when it is short
 * leave them that.
 *
 * What is alone always has room: what is larger than the limit could never pass otherwise.
 */
export class Quota {
  readonly #max: number
  readonly #openMax: number
  readonly #addressMax: number
  readonly #heldBy = new Map<string, number>()
  #held = 0

  constructor({ max, addressShare, loneMax = 1 }: QuotaLimits) {
    this.#max = max
    this.#openMax = Math.max(loneMax, Math.ceil(max * (1 - reservedPart)))
    this.#addressMax = Math.max(loneMax, Math.floor(max * addressShare))
  }

  /** What all clients hold. */
  get held(): number {
    return this.#held
  }

  /** The part of one client, for as long as its request lasts. */
  of(client: Client): ClientQuota {
    return {
      take: (count) => {
        if (this.#held > 0 && !this.#hasRoomFor(count, client)) return false
        this.#add(count, client)
        return true
      },
      hasRoomFor: (count) => this.#hasRoomFor(count, client),
      force: (count) => this.#add(count, client),
      give: (count) => this.#add(-count, client),
    }
  }

  #hasRoomFor(count: number, { network, isEstablished }: Client): boolean {
    const own = this.#heldBy.get(network) ?? 0
    if (own > 0 && own + count > this.#addressMax) return false
    return this.#held + count <= (isEstablished ? this.#max : this.#openMax)
  }

  #add(count: number, { network }: Client): void {
    const own = (this.#heldBy.get(network) ?? 0) + count
    if (own > 0) this.#heldBy.set(network, own)
    else this.#heldBy.delete(network)
    this.#held += count
  }
}
