import type { Leadership, Member, Members, NodeId } from '@quorate/contracts'

/** Who leads, and where clients reach them, as far as this member knows. */
export class LeaderView {
  readonly #self: NodeId
  #leadership: Leadership = { leader: null, epoch: 0 }
  #members: Members
  /** Where clients reach members, as those say themselves: newer than what was agreed. */
  readonly #announced = new Map<NodeId, string>()

  /** `clientAddress`: of this member, as its options say. */
  constructor(self: NodeId, members: Members, clientAddress: string | null = null) {
    this.#self = self
    this.#members = members
    if (clientAddress !== null) this.announce(self, clientAddress)
  }

  get id(): NodeId | null {
    return this.#leadership.leader
  }

  get epoch(): number {
    return this.#leadership.epoch
  }

  get isSelf(): boolean {
    return this.#leadership.leader === this.#self
  }

  get members(): Members {
    return this.#members.map((member) => {
      const clientAddress = this.#announced.get(member.id)
      return clientAddress === undefined ? member : { ...member, clientAddress }
    })
  }

  /** What was agreed of a member; null for an id outside the configuration. */
  memberOf(id: NodeId): Member | null {
    return this.#members.find((member) => member.id === id) ?? null
  }

  /** A member says where clients reach it. True if that is news. */
  announce(id: NodeId, clientAddress: string): boolean {
    const isNews = this.clientAddressOf(id) !== clientAddress
    this.#announced.set(id, clientAddress)
    return isNews
  }

  /** Where clients reach the leader; null if nobody leads or the leader did not say. */
  get clientAddress(): string | null {
    return this.clientAddressOf(this.id)
  }

  clientAddressOf(id: NodeId | null): string | null {
    const announced = id === null ? undefined : this.#announced.get(id)
    return announced ?? this.#members.find((member) => member.id === id)?.clientAddress ?? null
  }

  onLeadership(leadership: Leadership): void {
    this.#leadership = leadership
  }

  onMembers(members: Members): void {
    this.#members = members
  }
}
