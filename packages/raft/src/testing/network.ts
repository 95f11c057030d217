import type { NodeId } from '@quorate/contracts'
import type { RaftMessage } from '../message.js'

/** A message on its way. */
export interface Packet {
  readonly from: NodeId
  readonly to: NodeId
  readonly message: RaftMessage
  readonly text: string
}

/** One direction between two members. */
export interface Link {
  readonly from: NodeId
  readonly to: NodeId
}

/** Messages in flight, in the order in which they were sent; links that lose them, and links that let them wait. */
export class Network {
  #packets: Packet[] = []
  readonly #cut = new Set<string>()
  readonly #delayed = new Set<string>()

  get inFlight(): readonly Packet[] {
    return this.#packets
  }

  isCut(link: Link): boolean {
    return this.#cut.has(nameOf(link))
  }

  isDelayed(link: Link): boolean {
    return this.#delayed.has(nameOf(link))
  }

  cut(links: readonly Link[]): void {
    for (const link of links) this.#cut.add(nameOf(link))
  }

  delay(links: readonly Link[]): void {
    for (const link of links) this.#delayed.add(nameOf(link))
  }

  heal(links: readonly Link[]): void {
    for (const link of links) {
      this.#cut.delete(nameOf(link))
      this.#delayed.delete(nameOf(link))
    }
  }

  add(packet: Packet): void {
    this.#packets.push(packet)
  }

  on(link: Link): Packet[] {
    return this.#packets.filter((packet) => nameOf(packet) === nameOf(link))
  }

  remove(gone: Packet): void {
    this.#packets = this.#packets.filter((packet) => packet !== gone)
  }
}

function nameOf(link: Link): string {
  return `${link.from}→${link.to}`
}
