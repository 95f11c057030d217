import { equalBytes, ProtocolFormatError, seededRandom } from '@quorate/contracts'

/**
 * Gives a decoder every single-byte change, every truncation and every extension of valid bytes, and random bytes. It
 * throws a `ProtocolFormatError`, or reads them and writes the same again.
 */
export function feedDamaged<Value>(
  samples: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => Value,
  encode: (value: Value) => Uint8Array,
  values: readonly number[] = Array.from({ length: 256 }, (_, value) => value),
): { readonly read: number; readonly refused: number } {
  const { stackTraceLimit } = Error
  // Hundreds of thousands of errors are made here, and nobody reads where.
  Error.stackTraceLimit = 0
  try {
    return feedAll(samples, decode, encode, values)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function feedAll<Value>(
  samples: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => Value,
  encode: (value: Value) => Uint8Array,
  values: readonly number[],
): { readonly read: number; readonly refused: number } {
  const counts = { read: 0, refused: 0 }
  const feed = (bytes: Uint8Array): boolean => {
    let value
    try {
      value = decode(bytes)
    } catch (error) {
      counts.refused += 1
      if (error instanceof ProtocolFormatError) return false
      throw new Error(`${String(bytes)} threw something else: ${String(error)}`, { cause: error })
    }
    counts.read += 1
    if (!equalBytes(encode(value), bytes)) throw new Error(`${String(bytes)} came back as ${String(encode(value))}`)
    return true
  }
  const refuse = (bytes: Uint8Array): void => {
    if (feed(bytes)) throw new Error(`${String(bytes)} is of another length, and was read`)
  }
  for (const sample of samples) {
    for (let at = 0; at < sample.length; at += 1) {
      for (const value of values) {
        const changed = sample.slice()
        changed[at] = value
        feed(changed)
      }
      refuse(sample.slice(0, at))
    }
    for (const value of values) refuse(Uint8Array.of(...sample, value))
  }
  const random = seededRandom(1)
  for (let round = 0; round < 10_000; round += 1) {
    const bytes = Uint8Array.from({ length: random.nextInt(60) }, () => random.nextInt(256))
    if (round % 2 === 0 && bytes.length > 1) bytes.set([1, random.nextInt(12)])
    feed(bytes)
  }
  return counts
}
