import { token as tokenOf, type Token } from '@quorate/contracts'

/** Requests of one life, and lives until an id may come again. Their product is 2^53. */
const requestsOfLife = 2 ** 40
const lives = 2 ** 13

/**
 * Names on the wire for the requests of a member's lives: a token, and how often the member has started. Without the
 * second, an answer to an earlier life would end another request of this one, for tokens begin anew in each.
 */
export class RequestIds {
  readonly #base: number

  /** `starts`: how often this member has started, this time included. */
  constructor(starts: number) {
    this.#base = (starts % lives) * requestsOfLife
  }

  idOf(token: Token): number {
    return this.#base + token
  }

  /** Null: it is a request of an earlier life. */
  tokenOf(id: number): Token | null {
    const token = id - this.#base
    return token > 0 && token < requestsOfLife ? tokenOf(token) : null
  }
}

/** Which of its lives an asker has asked in. */
export function lifeOf(id: number): number {
  return Math.floor(id / requestsOfLife)
}

/** True if `life` was over when `other` began. */
export function isEarlierLife(life: number, other: number): boolean {
  return life !== other && (other - life + lives) % lives < lives / 2
}
