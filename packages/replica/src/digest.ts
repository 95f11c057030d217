import { sha256 } from '@noble/hashes/sha2.js'
import { hexOfBytes, type Environment, type Position } from '@quorate/contracts'
import type { Applier } from './applier.js'
import type { ReplicatedState } from './replicated-state.js'

/** What the state is worth comparing by: equal positions have equal digests on every member (decision D13). */
export interface Digest {
  readonly position: Position
  readonly sha256: string
}

/**
 * Digests the canonical bytes of all that is replicated. A machine whose snapshot is not of the moment of the call is held still
 * meanwhile, and the caller is told for how many milliseconds (decision D29).
 */
export async function digestOf(
  state: ReplicatedState,
  applier: Applier,
  environment: Environment,
  onHeld: (heldMs: number) => void,
): Promise<Digest> {
  const startMs = environment.monotonicMs()
  const release = state.machine.snapshotHoldsApply ? applier.hold() : null
  try {
    const position = applier.lastApplied
    const hash = sha256.create()
    for await (const chunk of state.image()) {
      hash.update(chunk)
      await environment.yieldTurn()
    }
    return { position, sha256: hexOfBytes(hash.digest()) }
  } finally {
    release?.()
    if (release) onHeld(environment.monotonicMs() - startMs)
  }
}
