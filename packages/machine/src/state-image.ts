import { checkKey, checkPlace } from './codec.js'
import { readImage, writeImage } from './image.js'
import { isPlainObject } from './plain.js'

/**
 * Parts of an image. What is small is one value; what is large is opened, filled with its items in groups, and closed.
 * Items of objects and maps are keys and values in turn; a large value among them comes after its key.
 */
type Part =
  | readonly [kind: 'value', value: unknown]
  | readonly [kind: 'open', container: Container]
  | readonly [kind: 'items', items: readonly unknown[]]
  | readonly [kind: 'key', key: unknown]
  | readonly [kind: 'close']

type Container = 'object' | 'array' | 'map' | 'set'

/** What a part may weigh: a value weighs one, and one more for every 64 characters or bytes. */
const partWeightMax = 4_000

/**
 * How many containers may be inside of each other within a part: more than in any input, since what is deeper is looked
 * through again at each level, and fewer than the codec writes.
 */
const partLevelsMax = 160

/**
 * The bytes of any plain state, in slices of a few milliseconds each. Keys and items keep their order, which is part of
 * the state: a command may iterate. Members that applied the same commands have the same order and so the same bytes,
 * also those that were restored in between.
 */
export function writeStateImage(state: unknown): AsyncIterable<Uint8Array> {
  return writeImage(partsOf(state))
}

/** Inverse of {@link writeStateImage}. Throws a `TypeError` for an image that is none. */
export async function readStateImage(image: AsyncIterable<Uint8Array>): Promise<unknown> {
  const open: OpenContainer[] = []
  const done: unknown[] = []
  const place = (value: unknown): void => {
    const around = open.at(-1)
    if (around) around.add(value)
    else done.push(value)
  }
  for await (const part of readImage(image)) {
    const [kind, content]: readonly unknown[] = listOf(part)
    if (kind === 'open') open.push(opened(content))
    else if (kind === 'value') place(content)
    else {
      const around = open.at(-1)
      if (!around) throw new TypeError(`the image of a state holds "${String(kind)}" outside of any container`)
      if (kind === 'items') listOf(content).forEach((item) => around.add(item))
      else if (kind === 'key') around.add(content)
      else if (kind === 'close') {
        open.pop()
        place(around.value)
      } else throw new TypeError(`the image of a state holds an unknown part, "${String(kind)}"`)
    }
  }
  if (open.length > 0 || done.length !== 1) throw new TypeError('the image of a state is not complete')
  return done[0]
}

function* partsOf(state: unknown): Generator<Part> {
  const contents = contentsOf(state)
  if (contents === null || weightOf(state) <= partWeightMax) yield ['value', state]
  else yield* partsOfLarge(contents)
}

/** A container of which some items have been written. */
interface Begun {
  readonly value: object
  readonly isKeyed: boolean
  readonly entries: Iterator<readonly [key: unknown, item: unknown]>
}

/** Without recursion: a state may be nested deeper than a stack, and each level would cost all that are inside of it. */
function* partsOfLarge(outermost: Contents): Generator<Part> {
  const around = new Set<object>()
  const begun: Begun[] = [begin(outermost, around)]
  yield ['open', outermost.container]
  const group = new Group()
  for (let inner = begun.at(-1); inner !== undefined; inner = begun.at(-1)) {
    const next = inner.entries.next()
    if (next.done === true) {
      yield* group.take()
      yield ['close']
      around.delete(inner.value)
      begun.pop()
      continue
    }
    const [key, item] = next.value
    const weight = weightOf(item) + (inner.isKeyed ? weightOf(key) : 0)
    if (group.isFullFor(weight)) yield* group.take()
    const inside = weight > partWeightMax ? contentsOf(item) : null
    if (inside === null) {
      group.add(inner.isKeyed ? [key, item] : [item], weight)
      continue
    }
    yield* group.take()
    if (inner.isKeyed) yield ['key', key]
    begun.push(begin(inside, around))
    yield ['open', inside.container]
  }
}

function begin({ value, container, entries }: Contents, around: Set<object>): Begun {
  if (around.has(value)) throw new TypeError('the state holds an object that is inside of itself')
  around.add(value)
  return { value, isKeyed: container === 'object' || container === 'map', entries: entries()[Symbol.iterator]() }
}

/** Items that become a part together. */
class Group {
  #items: unknown[] = []
  #weight = 0

  isFullFor(weight: number): boolean {
    return this.#items.length > 0 && this.#weight + weight > partWeightMax
  }

  add(items: readonly unknown[], weight: number): void {
    this.#items.push(...items)
    this.#weight += weight
  }

  /** The part, unless there is nothing in it. */
  take(): readonly Part[] {
    const items = this.#items
    this.#items = []
    this.#weight = 0
    return items.length === 0 ? [] : [['items', items]]
  }
}

/**
 * What a value weighs, or anything above the limit: nobody looks further than it takes to know that it is large. What
 * is nested deep is large too, so that nothing recurses without end.
 */
function weightOf(value: unknown, limit = partWeightMax, levels = partLevelsMax): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return 1 + (value.length >> 6)
  const contents = contentsOf(value)
  if (contents === null) return 1
  if (levels === 0) return limit + 1
  let weight = 1
  for (const [key, item] of contents.entries()) {
    weight += weightOf(key, limit - weight, levels - 1) + weightOf(item, limit - weight, levels - 1)
    if (weight > limit) break
  }
  return weight
}

interface Contents {
  readonly value: object
  readonly container: Container
  /** Keys and items; the keys of arrays and sets say nothing. */
  readonly entries: () => Iterable<readonly [key: unknown, item: unknown]>
}

function contentsOf(value: unknown): Contents | null {
  if (typeof value !== 'object' || value === null) return null
  if (Array.isArray(value)) return { value, container: 'array', entries: () => itemsOf(value) }
  if (value instanceof Map) return { value, container: 'map', entries: () => value }
  if (value instanceof Set) return { value, container: 'set', entries: () => value.entries() }
  return isPlainObject(value) ? { value, container: 'object', entries: () => entriesOf(value) } : null
}

function* itemsOf(items: readonly unknown[]): Generator<[at: number, item: unknown]> {
  for (let at = 0; at < items.length; at += 1) {
    checkPlace(items, at)
    yield [at, items[at]]
  }
}

function* entriesOf(value: Readonly<Record<string, unknown>>): Generator<[key: string, item: unknown]> {
  for (const key of Object.keys(value)) {
    checkKey(key)
    yield [key, value[key]]
  }
}

/** A container that is being filled with its items. */
interface OpenContainer {
  readonly value: unknown
  add(item: unknown): void
}

function opened(container: unknown): OpenContainer {
  if (container === 'array') {
    const value: unknown[] = []
    return { value, add: (item) => value.push(item) }
  }
  if (container === 'set') {
    const value = new Set<unknown>()
    return { value, add: (item) => value.add(item) }
  }
  if (container === 'map') {
    const value = new Map<unknown, unknown>()
    return { value, add: inPairs((key, item) => value.set(key, item)) }
  }
  if (container !== 'object')
    throw new TypeError(`the image of a state opens an unknown container, "${String(container)}"`)
  const value: Record<string, unknown> = {}
  return { value, add: inPairs((key, item) => (value[String(key)] = item)) }
}

function inPairs(set: (key: unknown, item: unknown) => void): (item: unknown) => void {
  let key: unknown
  let hasKey = false
  return (item) => {
    if (hasKey) set(key, item)
    else key = item
    hasKey = !hasKey
  }
}

function listOf(part: unknown): readonly unknown[] {
  if (Array.isArray(part)) return part
  throw new TypeError('the image of a state holds a part that is no list')
}
