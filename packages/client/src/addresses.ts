import type { Environment } from '@quorate/contracts'

/** Most addresses that are remembered beside the given ones, of those that given members have told. */
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

  /** A member said where the members are. Only one that was given is believed. */
  onMembers(addresses: readonly string[], from: string): void {
    if (!this.#given.includes(from)) return
    for (const address of addresses.slice(0, learnedMax)) this.#learn(address)
  }

  /**
   * Somebody said that the leader is there. False if that is not believed: an address is followed only if it was given, or
   * a given member has told it. Otherwise whatever comes to stand at an address that was learned could send requests, and
   * the sessions in them, anywhere.
   */
  onLeader(address: string, from: string): boolean {
    if (this.#given.includes(from)) this.#learn(address)
    if (!this.#known.includes(address)) return false
    this.#leader = address
    return true
  }

  #learn(address: string): void {
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
