import type { Leadership, Members, NodeId } from '@quorate/contracts'

/** Who leads, and where clients reach them, as far as this member knows. */
export class LeaderView {
  readonly #self: NodeId
  #leadership: Leadership = { leader: null, epoch: 0 }
  #members: Members

  constructor(self: NodeId, members: Members) {
    this.#self = self
    this.#members = members
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
    return this.#members
  }

  /** Where clients reach the leader; null if nobody leads or the leader did not say. */
  get clientAddress(): string | null {
    return this.clientAddressOf(this.id)
  }

  clientAddressOf(id: NodeId | null): string | null {
    return this.#members.find((member) => member.id === id)?.clientAddress ?? null
  }

  onLeadership(leadership: Leadership): void {
    this.#leadership = leadership
  }

  onMembers(members: Members): void {
    this.#members = members
  }
}
