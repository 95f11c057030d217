/**
 * Where data is damaged. A majority of the members keeps every entry it has on an intact disk: what a minority may lose,
 * the others have. More could not be survived by anybody, and a tester that breaks more finds nothing.
 */
export class Atlas {
  readonly #damagedMax: number
  readonly #damaged = new Map<string, string>()

  constructor(members: number) {
    this.#damagedMax = Math.ceil(members / 2) - 1
  }

  /** True if this member's disk may be damaged, or is already. */
  mayDamage(id: string): boolean {
    return this.#damaged.has(id) || this.#damaged.size < this.#damagedMax
  }

  damage(id: string, where: string): void {
    this.#damaged.set(id, where)
  }

  isDamaged(id: string): boolean {
    return this.#damaged.has(id)
  }
}
