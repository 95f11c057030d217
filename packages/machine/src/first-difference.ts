import { describeKind, isPlainObject } from './plain.js'

/** Where two plain values differ first, in the order in which a state is written. */
export interface Difference {
  /** As a program would say it: `state.held.get("door").untilMs`. */
  readonly path: string
  /** What stands there in the one, and in the other, in a few words. */
  readonly left: string
  readonly right: string
}

/** Longest text and longest list of keys that a message shows. */
const shownCharactersMax = 60

/** The first place at which two values differ, or null if there is none: order counts, as it does in a snapshot. */
export function firstDifference(left: unknown, right: unknown, path: string): Difference | null {
  if (Object.is(left, right)) return null
  const kind = kindOf(left)
  if (kind !== kindOf(right)) return { path, left: describeValue(left), right: describeValue(right) }
  if (left instanceof Map && right instanceof Map) {
    return ofKeyed([...left], [...right], path, (key) => `${path}.get(${describeValue(key)})`)
  }
  if (left instanceof Set && right instanceof Set) return ofItems([...left], [...right], (at) => `[...${path}][${at}]`)
  if (Array.isArray(left) && Array.isArray(right)) return ofItems(left, right, (at) => `${path}[${at}]`)
  if (left instanceof Uint8Array && right instanceof Uint8Array) return ofItems(left, right, (at) => `${path}[${at}]`)
  if (isIterable(left) && isIterable(right)) return ofItems([...left], [...right], (at) => `[...${path}][${at}]`)
  if (isObject(left) && isObject(right) && !isDate(left)) {
    return ofKeyed(Object.entries(left), Object.entries(right), path, (key) => `${path}${memberOf(String(key))}`)
  }
  const [one, other] = [describeValue(left), describeValue(right)]
  return one === other ? null : { path, left: one, right: other }
}

/** A difference as a part of a sentence. */
export function describeDifference({ path, left, right }: Difference): string {
  return `${path} is ${left} in the one and ${right} in the other`
}

type Entries = readonly (readonly [key: unknown, value: unknown])[]

function ofKeyed(left: Entries, right: Entries, path: string, pathOf: (key: unknown) => string): Difference | null {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [one, other] = [left[at], right[at]]
    const keyPath = `key ${at + 1} of ${path}`
    if (one === undefined || other === undefined) {
      return {
        path: keyPath,
        left: one ? describeValue(one[0]) : 'missing',
        right: other ? describeValue(other[0]) : 'missing',
      }
    }
    const found = firstDifference(one[0], other[0], keyPath) ?? firstDifference(one[1], other[1], pathOf(one[0]))
    if (found !== null) return found
  }
  return null
}

function ofItems(
  left: ArrayLike<unknown>,
  right: ArrayLike<unknown>,
  pathOf: (at: number) => string,
): Difference | null {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const path = pathOf(at)
    if (at >= left.length) return { path, left: 'missing', right: describeValue(right[at]) }
    if (at >= right.length) return { path, left: describeValue(left[at]), right: 'missing' }
    const found = firstDifference(left[at], right[at], path)
    if (found !== null) return found
  }
  return null
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value
  return isPlainObject(value) ? 'object' : describeKind(value)
}

/** A collection of somebody's own, such as a tree: what it gives is what it holds. */
function isIterable(value: unknown): value is Iterable<unknown> {
  return isObject(value) && Symbol.iterator in value
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isDate(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Date]'
}

function memberOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

/** A value in a few words: all of what is short, the kind of what is not. */
function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    const shown = value.length > shownCharactersMax ? `${value.slice(0, shownCharactersMax)}…` : value
    return JSON.stringify(shown)
  }
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (isDate(value)) return `a Date of ${Number(value)}`
  if (value instanceof Map || value instanceof Set) return `${describeKind(value)} of ${value.size}`
  if (value instanceof Uint8Array || Array.isArray(value)) return `${describeKind(value)} of ${value.length}`
  return isObject(value) ? describeKind(value) : String(value)
}
