import type { Operation } from './history.js'
import { canonicalText } from './canonical.js'

/** The end of a list of operations. */
export const none = -1

/**
 * One part of a history, laid out for the search. Operations that returned are named by their **rank**: 0 returned first.
 * Those of unknown outcome come apart from them, in the order of their calls: they may take effect, and need not.
 */
export interface Schedule<Input, Output> {
  readonly returned: readonly Operation<Input, Output>[]
  /** Stamps of the calls and returns, by rank. */
  readonly invokedAt: Float64Array
  readonly returnedAt: Float64Array
  /** Ranks in the order of their calls. */
  readonly byCall: Int32Array
  /** A small number for each rank that no two operations share while both are open: its bit in sets of operations. */
  readonly slots: Int32Array
  /** Equal, by rank, for operations that asked for the same and got the same. */
  readonly kinds: Int32Array
  readonly unknown: readonly Operation<Input, Output>[]
  /**
   * The places in {@link unknown} of those that ask for the same, in the order of their calls. The earlier is as good as the
   * later, so a later one takes effect only after all earlier ones: 100 equal writes are one choice.
   */
  readonly alike: readonly (readonly number[])[]
}

export function scheduleOf<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  isUseless: (operation: Operation<Input, Output>) => boolean,
): Schedule<Input, Output> {
  const returned = operations
    .filter(({ outcome }) => outcome.kind === 'done')
    .sort((one, other) => (one.returnedAt ?? 0) - (other.returnedAt ?? 0))
  const unknown = operations
    .filter((operation) => operation.outcome.kind === 'unknown' && !isUseless(operation))
    .sort((one, other) => one.invokedAt - other.invokedAt)
  const invokedAt = Float64Array.from(returned, (operation) => operation.invokedAt)
  const returnedAt = Float64Array.from(returned, (operation) => operation.returnedAt ?? 0)
  const byCall = Int32Array.from(returned.keys()).sort((one, other) => {
    return (invokedAt[one] ?? 0) - (invokedAt[other] ?? 0) || one - other
  })
  const slots = slotsOf(byCall, invokedAt, returnedAt)
  return {
    returned,
    invokedAt,
    returnedAt,
    byCall,
    slots,
    kinds: kindsOf(returned),
    unknown,
    alike: alikeOf(unknown),
  }
}

/** A free slot at each call; a return frees it for calls that come after it. */
function slotsOf(byCall: Int32Array, invokedAt: Float64Array, returnedAt: Float64Array): Int32Array {
  const slots = new Int32Array(byCall.length)
  const free: number[] = []
  let used = 0
  let closing = 0
  for (const rank of byCall) {
    while (closing < byCall.length && (returnedAt[closing] ?? 0) < (invokedAt[rank] ?? 0)) {
      free.push(slots[closing] ?? 0)
      closing += 1
    }
    slots[rank] = free.pop() ?? used++
  }
  return slots
}

function kindsOf(returned: readonly Operation<unknown, unknown>[]): Int32Array {
  const kinds = new Map<string, number>()
  return Int32Array.from(returned, ({ input, outcome }) => {
    const text = canonicalText([input, outcome])
    const kind = kinds.get(text) ?? kinds.size
    kinds.set(text, kind)
    return kind
  })
}

function alikeOf(unknown: readonly Operation<unknown, unknown>[]): number[][] {
  const alike = new Map<string, number[]>()
  unknown.forEach(({ input }, place) => {
    const text = canonicalText(input)
    const places = alike.get(text)
    if (places === undefined) alike.set(text, [place])
    else places.push(place)
  })
  return [...alike.values()]
}
