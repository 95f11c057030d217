import { expectAlways } from '../violation.js'
import { hashOf } from './hash.js'

interface Count {
  /** Given, less those that their caller was told did not happen. */
  mayBe: number
  applied: number
  refused: number
}

/**
 * What callers were told did not happen is never applied, whichever comes first, and nothing is applied more often than it
 * was given. Equal commands are counted together: so many of them may be applied as were given and not refused.
 *
 * It holds for whoever asks: members directly, their own callers, through followers or over HTTP.
 */
export class CallersTold {
  readonly #counts = new Map<number, Count>()
  readonly #guard: (check: () => void) => void
  #newest = 0

  /** `guard` runs a check and keeps what it throws. */
  constructor(guard: (check: () => void) => void) {
    this.#guard = guard
  }

  /** A caller gives a command, in the bytes of its machine. */
  onAsked(command: Uint8Array): void {
    const hash = hashOf(command)
    const count = this.#counts.get(hash)
    if (count) count.mayBe += 1
    else this.#counts.set(hash, { mayBe: 1, applied: 0, refused: 0 })
  }

  /** Its caller was told that it certainly did not happen. */
  onNotDone(command: Uint8Array): void {
    const count = this.#counts.get(hashOf(command))
    if (!count) return
    count.mayBe -= 1
    count.refused += 1
    this.#check(count)
  }

  /** A command of this hash was applied somewhere at this position, by the first member or a later one. */
  onApplied(position: number, hash: number): void {
    if (position <= this.#newest) return
    this.#newest = position
    const count = this.#counts.get(hash)
    if (!count) return
    count.applied += 1
    this.#check(count)
  }

  /**
   * Another cluster has begun, and may go on with what this one had. It owes nobody what this one said, so what was refused
   * is forgotten, and what was applied is counted anew.
   */
  onNewCluster(): void {
    this.#newest = 0
    for (const [hash, count] of this.#counts) {
      if (count.refused > 0) this.#counts.delete(hash)
      else count.applied = 0
    }
  }

  #check({ mayBe, applied, refused }: Count): void {
    this.#guard(() => {
      expectAlways(applied <= mayBe, () => {
        return `a command was given ${mayBe + refused} times, did not happen ${refused} times, as its callers were told, and was applied ${applied} times`
      })
    })
  }
}
