/** What one caller was told of one command. `asked` and `answered` count questions and answers in the order of real time. */
export interface Append {
  readonly page: number
  readonly entry: number
  readonly asked: number
  /** Null while nobody has answered. */
  answered: number | null
  /** Where it stands, as its caller was told. */
  place: number | null
  /** Told that it certainly did not happen. */
  isRefused: boolean
}

/** What one caller saw of one page. */
export interface Glance {
  readonly page: number
  readonly consistency: 'linearizable' | 'local'
  /** Who answered. */
  readonly member: string
  readonly asked: number
  readonly answered: number
  readonly length: number
  readonly chain: number
}

/** Everything that callers asked of a book and were told. */
export class History {
  readonly appends: Append[] = []
  readonly glances: Glance[] = []
  #now = 0
  #replaced = 0
  #keepsAcknowledged = true

  /** Ordinal of a moment: later questions and answers have larger ones. */
  now(): number {
    return (this.#now += 1)
  }

  /** What a cluster that has taken the place of another one has to account for. */
  get owed(): Pick<History, 'appends' | 'glances'> {
    const replaced = this.#replaced
    const keepsAcknowledged = this.#keepsAcknowledged
    return {
      appends: this.appends.filter(({ answered, isRefused }) => {
        return answered === null || answered > replaced || (keepsAcknowledged && !isRefused)
      }),
      glances: this.glances.filter(({ asked }) => asked > replaced),
    }
  }

  /** Another cluster has begun, and goes on with everything that was acknowledged, or not. */
  onReplaced(keepsAcknowledged: boolean): void {
    this.#keepsAcknowledged = keepsAcknowledged
    this.#replaced = this.now()
  }

  /** A command whose entry nobody has given before. */
  ask(page: number): Append {
    const entry = this.appends.length + 1
    const append: Append = { page, entry, asked: this.now(), answered: null, place: null, isRefused: false }
    this.appends.push(append)
    return append
  }
}
