import type { JsonValue } from './json.js'

/**
 * Reads JSON, and refuses what `JSON.parse` would silently change: whole numbers that would not be written as they were
 * (most beyond 2^53), numbers too large for any, a key that stands twice in one object (the first is lost), and the key
 * `__proto__`. A fraction is read as the nearest number there is, as everywhere.
 *
 * Throws a `SyntaxError` for what is no JSON, and a `TypeError` that names the path of what would be changed; `what` is the
 * root of that path.
 */
export function parseExactJson(text: string, what = 'the value'): JsonValue {
  const value = JSON.parse(text) as JsonValue
  checkLiterals(text, what)
  return value
}

/** An object or array that has begun and not ended. */
interface Open {
  /** Keys so far; null for an array. */
  readonly keys: Set<string> | null
  /** Where in it the text is: the last key, or the place. */
  at: string | number
  isKeyNext: boolean
}

const numberPattern = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y

/** Goes through the text of valid JSON, since a value does not show how it was written. */
function checkLiterals(text: string, what: string): void {
  const open: Open[] = []
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? ''
    if (letter === '{') open.push({ keys: new Set(), at: '', isKeyNext: true })
    else if (letter === '[') open.push({ keys: null, at: 0, isKeyNext: false })
    else if (letter === '}' || letter === ']') open.pop()
    else if (letter === ',') onComma(open.at(-1))
    else if (letter === '"') {
      const end = endOfString(text, at)
      const inside = open.at(-1)
      if (inside?.isKeyNext) takeKey(inside, JSON.parse(text.slice(at, end + 1)) as string, () => pathOf(what, open))
      at = end
    } else if (letter === '-' || (letter >= '0' && letter <= '9')) {
      numberPattern.lastIndex = at
      const [literal = letter, fraction, exponent] = numberPattern.exec(text) ?? []
      checkNumber(literal, fraction === undefined && exponent === undefined, () => pathOf(what, open))
      at += literal.length - 1
    }
  }
}

function onComma(inside: Open | undefined): void {
  if (inside?.keys) inside.isKeyNext = true
  else if (typeof inside?.at === 'number') inside.at += 1
}

function takeKey(inside: Open, key: string, path: () => string): void {
  const isKnown = inside.keys?.has(key)
  inside.keys?.add(key)
  inside.at = key
  inside.isKeyNext = false
  if (isKnown) throw new TypeError(`${path()} stands there twice, and one of the two would be lost: give it once`)
  if (key === '__proto__') throw new TypeError(`${path()} cannot be the key of an object: use another name`)
}

function checkNumber(literal: string, isWhole: boolean, path: () => string): void {
  const value = Number(literal)
  const comesBack = isWhole ? Object.is(value, -0) || String(value) === literal : Number.isFinite(value)
  if (comesBack) return
  const shown = literal.length > 40 ? `${literal.slice(0, 40)}…` : literal
  const became = Number.isFinite(value) ? `would become ${value}` : 'is more than any number'
  throw new TypeError(`${path()} is ${shown}, which ${became}: send it as text`)
}

/** Where the string that begins here ends: at the first quotation mark before which backslashes stand in pairs. */
export function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text[at - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return text.length
}

function pathOf(what: string, open: readonly Open[]): string {
  return open.reduce((path, { at }) => (typeof at === 'number' ? `${path}[${at}]` : `${path}.${at}`), what)
}
