/**
 * A text that is equal for equal plain values and for no others: what states and inputs are compared by.
 *
 * Keys of objects, entries of maps and members of sets count in any order. Functions, symbols and instances of classes
 * have no such text and are refused with a `TypeError`; a model with such states brings a `key` of its own.
 */
export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return value === null ? 'null' : canonicalObject(value)
    case 'function':
    case 'symbol':
      throw new TypeError(`a ${typeof value} cannot be compared: give the model a key of its own`)
  }
}

/** Whether two plain values are equal all the way down. */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' && typeof other !== 'object') return Object.is(one, other)
  return canonicalText(one) === canonicalText(other)
}

function canonicalObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (value instanceof Uint8Array) return `bytes[${value.join(',')}]`
  if (value instanceof Set) return `set{${inOrder([...value].map(canonicalText))}}`
  if (value instanceof Map) {
    return `map{${inOrder([...value].map(([key, each]) => `${canonicalText(key)}:${canonicalText(each)}`))}}`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) {
    throw new TypeError(`an instance of ${value.constructor.name} cannot be compared: give the model a key of its own`)
  }
  return `{${inOrder(Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}:${canonicalText(each)}`))}}`
}

function inOrder(texts: string[]): string {
  return texts.sort((one, other) => (one < other ? -1 : one > other ? 1 : 0)).join(',')
}
