import { Allocations } from './allocations.js'

const everyByte = Array.from({ length: 256 }, (_, value) => value)

/** How bytes are read and written, and which errors say that they are none. */
export interface Codec<Value> {
  readonly decode: (bytes: Uint8Array) => Value
  /** Null where several bytes may mean the same. */
  readonly encode: ((value: Value) => Uint8Array) | null
  /** True for the one error that says that bytes are none of these. */
  readonly isRefusal: (error: unknown) => boolean
  /** What is put in the place of each byte; by default everything that it could be. */
  readonly values?: readonly number[]
}

/** How often bytes were read, and how often refused. */
export interface FedCounts {
  readonly read: number
  readonly refused: number
}

/**
 * Gives a decoder every single-byte change, every truncation and every extension of valid bytes, every length and count
 * that lies, and random bytes. It throws the one error that it may, or reads them and writes the same again, and
 * allocates no more than what it was given is a reason for.
 */
export function feedDamaged<Value>(samples: readonly Uint8Array[], codec: Codec<Value>): FedCounts {
  const { stackTraceLimit } = Error
  const allocations = new Allocations()
  // Hundreds of thousands of errors are made here, and nobody reads where.
  Error.stackTraceLimit = 0
  allocations.install()
  try {
    return feedAll(samples, codec, allocations)
  } finally {
    allocations.uninstall()
    Error.stackTraceLimit = stackTraceLimit
  }
}

function feedAll<Value>(samples: readonly Uint8Array[], codec: Codec<Value>, allocations: Allocations): FedCounts {
  const { decode, encode, isRefusal, values = everyByte } = codec
  const counts = { read: 0, refused: 0 }
  const feed = (bytes: Uint8Array): boolean => {
    let value
    try {
      value = allocations.within(4_096 + 4 * bytes.length, () => decode(bytes))
    } catch (error) {
      counts.refused += 1
      if (isRefusal(error)) return false
      throw new Error(`${String(bytes)} threw something else: ${String(error)}`, { cause: error })
    }
    counts.read += 1
    const again = encode?.(value) ?? bytes
    if (!isEqual(again, bytes)) throw new Error(`${String(bytes)} came back as ${String(again)}`)
    return true
  }
  const refuse = (bytes: Uint8Array): void => {
    if (feed(bytes)) throw new Error(`${String(bytes)} is of another length, and was read`)
  }
  for (const sample of samples) {
    for (let at = 0; at < sample.length; at += 1) {
      for (const value of values) feed(changed(sample, at, value))
      feed(changed(sample, at, 255, 255, 255, 255))
      feed(changed(sample, at, 255, 255, 255, 127))
      refuse(sample.slice(0, at))
    }
    for (const value of values) refuse(Uint8Array.of(...sample, value))
  }
  const random = dice(1)
  for (let round = 0; round < 10_000; round += 1) {
    const bytes = Uint8Array.from({ length: random(60) }, () => random(256))
    if (round % 2 === 0 && bytes.length > 1) bytes.set([1, random(12)])
    feed(bytes)
  }
  return counts
}

function changed(sample: Uint8Array, at: number, ...values: readonly number[]): Uint8Array {
  const copy = sample.slice()
  copy.set(values.slice(0, copy.length - at), at)
  return copy
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}

/** Numbers below a bound, the same ones for the same seed. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
