import type { Environment } from '@quorate/contracts'

/** Most addresses that are remembered beside the given ones. */
const learnedMax = 16

/** The addresses that a client knows, and which of them to ask next. Starts anywhere, so that clients spread. */
export class Addresses {
  readonly #given: readonly string[]
  readonly #learned: string[] = []
  #home: number
  #at: number
  #leader: string | null = null

  constructor(given: readonly string[], environment: Pick<Environment, 'randomBytes'>) {
    this.#given = [...new Set(given)]
    this.#home = (environment.randomBytes(1)[0] ?? 0) % this.#given.length
    this.#at = this.#home
  }

  /** Whom to ask: the leader as far as it is known; for what any member may answer, one of the given addresses. */
  next(mayLag: boolean): string {
    if (mayLag) return at(this.#given, this.#home)
    return this.#leader ?? at(this.#known, this.#at)
  }

  /** All that {@link next} may come to. */
  choices(mayLag: boolean): readonly string[] {
    return mayLag ? this.#given : this.#known
  }

  /** Somebody said that the leader is there. */
  onLeader(address: string): void {
    this.#leader = address
    if (this.#known.includes(address)) return
    this.#learned.push(address)
    if (this.#learned.length > learnedMax) this.#learned.shift()
  }

  /** This address was of no use: another one is asked next. */
  onUseless(address: string): void {
    if (address === this.#leader) this.#leader = null
    if (address === at(this.#given, this.#home)) this.#home += 1
    if (address === at(this.#known, this.#at)) this.#at += 1
  }

  get #known(): readonly string[] {
    return [...this.#given, ...this.#learned]
  }
}

function at(addresses: readonly string[], index: number): string {
  return addresses[index % addresses.length] ?? ''
}
