// Raft §5.4.3, Figure 3: if a server has applied an entry at an index, no other server applies a different one there.
import { expectAlways } from '../violation.js'
import { hashOf } from './hash.js'

interface Applied {
  readonly command: number
  readonly result: number
  readonly name: string | null
}

/** So many of the last commands are named when states differ at the end. */
const namedMax = 5

/** What was applied at each position, and what came of it: the same on every member, in order and once in a life. */
export class StateMachineSafety {
  readonly #applied: Applied[] = []
  readonly #lastOf = new Map<string, number>()

  /** Returns the hash of the command. */
  onApplied(id: string, position: number, command: Uint8Array, result: Uint8Array, name: string | null = null): number {
    const last = this.#lastOf.get(id) ?? 0
    expectAlways(position > last, () => `${id} applies ${position} after ${last}`)
    this.#lastOf.set(id, position)
    const now = { command: hashOf(command), result: hashOf(result), name }
    const known = (this.#applied[position] ??= now)
    expectAlways(known.command === now.command, () => `${id} applies another command at ${position} than others`)
    expectAlways(known.result === now.result, () => {
      const which = name === null ? 'the command' : `the command "${name}"`
      return (
        `${id} computes another result of ${which} at ${position} than others: the machine is not deterministic, or its ` +
        'state differs since an earlier one. checkDeterminism: true in its definition finds the command that did it'
      )
    })
    return now.command
  }

  /** The last commands up to a position, for a message: their results were the same on every member. */
  describeLast(position: number): string {
    const named: string[] = []
    for (let at = position; at > 0 && named.length < namedMax; at -= 1) {
      const applied = this.#applied[at]
      if (applied) named.push(applied.name === null ? `one at ${at}` : `"${applied.name}" at ${at}`)
    }
    return named.length === 0
      ? 'no command was applied before'
      : `every command had the same result on all, the last ones being ${named.join(', ')}`
  }

  /** A new life begins with the state of a snapshot, or with none. */
  onBegin(id: string): void {
    this.#lastOf.delete(id)
  }
}
