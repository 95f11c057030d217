/** Something that must never be, and was: the message says what, in one line. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** Throws a {@link Violation} unless the claim holds. */
export function expectAlways(claim: boolean, problem: () => string): asserts claim {
  if (!claim) throw new Violation(problem())
}
