import { challengeBytes, type Environment } from '@quorate/contracts'

/**
 * The challenges that were given out and that no hello has answered yet. Each is taken once, and in time. Above the bound
 * the oldest goes: whoever was given that one asks for another.
 */
export class Challenges {
  readonly #environment: Pick<Environment, 'monotonicMs' | 'randomBytes'>
  readonly #countMax: number
  readonly #lifetimeMs: number
  /** When each was given out, in that order. */
  readonly #givenMs = new Map<string, number>()

  constructor(
    environment: Pick<Environment, 'monotonicMs' | 'randomBytes'>,
    bounds: { readonly countMax: number; readonly lifetimeMs: number },
  ) {
    this.#environment = environment
    this.#countMax = bounds.countMax
    this.#lifetimeMs = bounds.lifetimeMs
  }

  /** Draws one, as hexadecimal digits. */
  give(): string {
    const text = textOfChallenge(this.#environment.randomBytes(challengeBytes))
    this.#givenMs.set(text, this.#environment.monotonicMs())
    const [oldest] = this.#givenMs.keys()
    if (this.#givenMs.size > this.#countMax && oldest !== undefined) this.#givenMs.delete(oldest)
    return text
  }

  /** The challenge that these digits stand for; null if it was not given out here, is used up or too old. */
  take(text: string | undefined): Uint8Array | null {
    const givenMs = text === undefined ? undefined : this.#givenMs.get(text)
    if (text === undefined || givenMs === undefined) return null
    this.#givenMs.delete(text)
    return this.#environment.monotonicMs() - givenMs > this.#lifetimeMs ? null : challengeOf(text)
  }
}

/** A challenge as headers and bodies carry it. */
export function textOfChallenge(challenge: Uint8Array): string {
  return Buffer.from(challenge).toString('hex')
}

/** The challenge in a text; null if it is none. */
export function challengeOf(text: string | undefined): Uint8Array | null {
  return text !== undefined && /^[0-9a-f]{32}$/.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : null
}
