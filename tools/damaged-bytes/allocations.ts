/**
 * Counts what is allocated by length while `run` runs: byte arrays, and lists that are made in one piece. A decoder that
 * believes a length is found here, before the memory of the machine is gone. Lists that grow item by item are bounded by
 * the bytes that each item was read from.
 */
export class Allocations {
  readonly #realBytes = globalThis.Uint8Array
  readonly #realFrom = Array.from
  #left = 0
  #isCounting = false

  /** Puts the counters in place. Whoever does so takes them out again. */
  install(): void {
    globalThis.Uint8Array = new Proxy(this.#realBytes, {
      construct: (target, given: unknown[], newTarget) => {
        this.#count(sizeOf(given[0]))
        return Reflect.construct(target, given, newTarget) as object
      },
    })
    const real = this.#realFrom.bind(Array) as (...given: unknown[]) => unknown[]
    Array.from = (...given: unknown[]) => {
      this.#count(8 * sizeOf(given[0]))
      return real(...given) as never[]
    }
  }

  uninstall(): void {
    globalThis.Uint8Array = this.#realBytes
    Array.from = this.#realFrom
  }

  /** Throws a `RangeError` from within `run` when it goes beyond so many bytes. */
  within<Value>(bytesMax: number, run: () => Value): Value {
    this.#left = bytesMax
    this.#isCounting = true
    try {
      return run()
    } finally {
      this.#isCounting = false
    }
  }

  #count(bytes: number): void {
    if (!this.#isCounting) return
    this.#left -= bytes
    if (this.#left < 0)
      throw new RangeError(`${bytes} bytes are allocated, ${-this.#left} more than there is reason for`)
  }
}

function sizeOf(given: unknown): number {
  if (typeof given === 'number') return given
  if (typeof given !== 'object' || given === null) return 0
  return 'length' in given && typeof given.length === 'number' ? given.length : 0
}
