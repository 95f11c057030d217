// Raft §5.4.3, Figure 3: if a server has applied an entry at an index, no other server applies a different one there.
import { expectAlways } from '../violation.js'
import { hashOf } from './hash.js'

interface Applied {
  readonly command: number
  readonly result: number
}

/** What was applied at each position, and what came of it: the same on every member, in order and once in a life. */
export class StateMachineSafety {
  readonly #applied: Applied[] = []
  readonly #lastOf = new Map<string, number>()

  /** Returns the hash of the command. */
  onApplied(id: string, position: number, command: Uint8Array, result: Uint8Array): number {
    const last = this.#lastOf.get(id) ?? 0
    expectAlways(position > last, () => `${id} applies ${position} after ${last}`)
    this.#lastOf.set(id, position)
    const now = { command: hashOf(command), result: hashOf(result) }
    const known = (this.#applied[position] ??= now)
    expectAlways(known.command === now.command, () => `${id} applies another command at ${position} than others`)
    expectAlways(known.result === now.result, () => {
      return `${id} computes another result at ${position} than others: the machine is not deterministic, or its state differs`
    })
    return now.command
  }

  /** A new life begins with the state of a snapshot, or with none. */
  onBegin(id: string): void {
    this.#lastOf.delete(id)
  }
}
