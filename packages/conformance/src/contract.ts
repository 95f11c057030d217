/** The `test` of a runner: that of `node:test`, of vitest, or any other of this shape. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown

/** A promise of a port that an adapter did not keep. */
export class ContractBroken extends Error {
  override readonly name = 'ContractBroken'
}

/** Fails the running case of a contract unless the claim holds. */
export function expectClaim(claim: boolean, message: string): asserts claim {
  if (!claim) throw new ContractBroken(message)
}
