/** Limits under which a life needs several segments. */
export const lifeLimits = { segmentBytes: 2_048, reserveSegments: 1, freeBytesMin: 0 }

/** How many records a life appends. In the middle of them it releases what came before, on a snapshot. */
export const recordsInLife = 12

/** The record of a number: known to whoever looks for it later. */
export function recordAt(number: number): string {
  return `record ${number} `.padEnd(100 + ((number * 137) % 400), '.')
}
