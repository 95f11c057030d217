/** True for an object that is nothing but its keys: `{…}`, also without a prototype. */
export function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** What kind of value it is, in a word or two for a message: `a bigint`, `a Person`, `an object`. */
export function describeKind(value: unknown): string {
  const kind = typeof value === 'object' && value !== null ? nameOfClass(value) : value === null ? 'null' : typeof value
  return kind === 'null' || kind === 'undefined' ? kind : `${/^[aeiouAEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`
}

function nameOfClass(value: object): string {
  if (isPlainObject(value)) return 'object'
  const maker: unknown = Reflect.get(value, 'constructor')
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'object of a class'
}
