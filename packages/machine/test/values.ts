import fc from 'fast-check'

/** Text that UTF-8 can say, and that an object may have as a key. */
const text = fc.string({ unit: 'binary' }).filter((each) => each !== '__proto__')

const leaf = fc.oneof(
  text,
  fc.array(fc.constantFrom('a', '\ud83d', '\ude00', 'ü'), { maxLength: 40 }).map((parts) => parts.join('')),
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, NaN, Infinity, 2 ** 53, -(2 ** 31) - 1, undefined, null, true, false),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
)

/** Any value that the codec writes, nested. */
export const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('constructor', 'toJSON', 'hasOwnProperty', '10', '9')), tie('value'), {
      maxKeys: 5,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(leaf, tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
    fc.array(leaf, { maxLength: 5 }).map((items) => new Set(items)),
  ),
})).value

/** What is to be seen of a value, its order included: equal for values that no program can tell apart. */
export function seen(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(seen)
  if (value instanceof Map) return ['map', ...[...value].map(([key, item]) => [seen(key), seen(item)])]
  if (value instanceof Set) return ['set', ...[...value].map(seen)]
  if (value instanceof Date) return ['date', value.getTime()]
  if (value instanceof Uint8Array) return ['bytes', Object.getPrototypeOf(value) === Uint8Array.prototype, value.join()]
  if (typeof value === 'bigint') return ['bigint', value.toString()]
  if (typeof value === 'object' && value !== null)
    return ['object', ...Object.entries(value).map(([k, v]) => [k, seen(v)])]
  return typeof value === 'number' || value === undefined ? [Object.is(value, -0) ? '-0' : String(value)] : value
}
