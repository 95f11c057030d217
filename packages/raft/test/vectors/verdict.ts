/** What became of one line of a vector file. */
export type Verdict = { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly mismatch: Mismatch }

/** Where a line and the core differ for the first time. */
export interface Mismatch {
  readonly id: string
  readonly step: number
  readonly expected: unknown
  readonly got: unknown
}

export const passed: Verdict = { kind: 'passed' }

/** A failed verdict, or null if both say the same. */
export function differs(id: string, step: number, expected: unknown, got: unknown): Verdict | null {
  if (JSON.stringify(expected) === JSON.stringify(got)) return null
  return { kind: 'failed', mismatch: { id, step, expected, got } }
}
