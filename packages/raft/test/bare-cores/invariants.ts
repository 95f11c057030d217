import { InvariantViolation, type NodeId } from '@quorate/contracts'
import { checkInvariants, type Entry, type RaftState } from '../../src/index.js'

interface Known {
  readonly term: number
  readonly text: string
}

/** What must hold of a whole cluster after every step (Figure 3 of the paper). */
export class ClusterInvariants {
  readonly #leaders = new Map<number, NodeId>()
  readonly #entries = new Map<string, string>()
  readonly #committed: (Known | undefined)[] = []
  #maxCommit = 0

  get maxCommit(): number {
    return this.#maxCommit
  }

  /** Checks one member against all that is known. The others have not changed since they were looked at. */
  check(id: NodeId, state: RaftState): void {
    checkInvariants(state)
    this.#checkLogMatching(id, state)
    this.#checkCommitted(id, state)
    if (state.role === 'leader') this.#checkLeader(id, state)
  }

  /** State-machine safety: every member applies the same command at a position. */
  checkDelivered(id: NodeId, index: number, command: Uint8Array | null): void {
    const known = this.#committed[index]
    expectHolds(known !== undefined, `${id} applies ${index}, which nobody committed`)
    const text = command === null ? '-' : textOf(command)
    expectHolds(known.text === text, `${id} applies "${text}" at ${index}, and another member "${known.text}"`)
  }

  /** Election safety (§5.2) and leader completeness (§5.4.3). */
  #checkLeader(id: NodeId, state: RaftState): void {
    const { currentTerm } = state.hardState
    const elected = this.#leaders.get(currentTerm) ?? id
    expectHolds(elected === id, `term ${currentTerm} has two leaders, ${elected} and ${id} (election safety)`)
    this.#leaders.set(currentTerm, id)
    for (let index = 1; index <= this.#maxCommit; index += 1) {
      const known = this.#committed[index]
      if (known === undefined || known.term > currentTerm) continue
      const isHere = state.log.termAt(index) === known.term
      expectHolds(
        isHere || this.#isOutdated(currentTerm),
        `leader ${id} of term ${currentTerm} lacks committed ${index}`,
      )
    }
  }

  /** A deposed leader that does not know it yet may lack what later leaders committed. */
  #isOutdated(term: number): boolean {
    return Math.max(...this.#leaders.keys()) > term
  }

  /** Log matching (§5.3): an entry's name decides its content and everything before it. */
  #checkLogMatching(id: NodeId, state: RaftState): void {
    let previous = 0
    for (let index = state.log.firstIndex; index <= state.log.lastIndex; index += 1) {
      const entry = state.log.entryAt(index)
      const name = `${index}@${entry.term}`
      const content = `${previous}:${textOfEntry(entry)}`
      const known = this.#entries.get(name)
      if (known === undefined) this.#entries.set(name, content)
      else
        expectHolds(known === content, `${id} holds ${content} as ${name}, and another member ${known} (log matching)`)
      previous = entry.term
    }
  }

  #checkCommitted(id: NodeId, state: RaftState): void {
    for (let index = 1; index <= state.commitIndex; index += 1) {
      const entry = state.log.entryAt(index)
      const known = this.#committed[index]
      if (known === undefined) this.#committed[index] = { term: entry.term, text: textOfEntry(entry) }
      else expectHolds(known.term === entry.term, `${id} commits ${index}@${entry.term}, and another @${known.term}`)
    }
    this.#maxCommit = Math.max(this.#maxCommit, state.commitIndex)
  }
}

/** Throws unless the claim holds. */
export function expectHolds(claim: boolean, message: string): asserts claim {
  if (!claim) throw new InvariantViolation(message)
}

function textOfEntry(entry: Entry): string {
  return entry.kind === 'command' ? textOf(entry.data) : '-'
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
