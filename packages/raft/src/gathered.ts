/** Things that are gathered one by one and handed out all at once. Most of the time there are none, or one. */
export class Gathered<Item> {
  #items: Item[] | null = null

  get count(): number {
    return this.#items === null ? 0 : this.#items.length
  }

  get last(): Item | undefined {
    return this.#items?.at(-1)
  }

  dropLast(): void {
    this.#items?.pop()
  }

  add(item: Item): void {
    if (this.#items === null) this.#items = [item]
    else this.#items.push(item)
  }

  /** All of them, in the order in which they came. Nothing is left. */
  take(): readonly Item[] {
    const items = this.#items ?? []
    this.#items = null
    return items
  }
}
