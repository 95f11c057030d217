/** Gives everything that is asked for a number of its own, the same for the same key. */
export class Interned<Item> {
  readonly #byKey = new Map<string, number>()
  readonly #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  /** `make` is called for what was not there before, with the number that it gets. */
  of(key: string, make: (id: number) => Item): number {
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const id = this.#items.length
    this.#byKey.set(key, id)
    this.#items.push(make(id))
    return id
  }

  at(id: number): Item {
    const item = this.#items[id]
    if (item === undefined) throw new RangeError(`${id} was never given`)
    return item
  }
}

/** Bytes as a key: one character a byte. */
export function keyOf(bytes: Uint8Array): string {
  let key = ''
  for (let at = 0; at < bytes.length; at += 4_096) key += String.fromCharCode(...bytes.subarray(at, at + 4_096))
  return key
}
