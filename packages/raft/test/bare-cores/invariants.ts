import { InvariantViolation, type NodeId } from '@quorate/contracts'
import { checkInvariants, type Entry, type RaftState } from '../../src/index.js'

interface Known {
  readonly term: number
  readonly text: string
}

/** How far one life of a member was checked: what has not changed since is not looked at again. */
interface Checked {
  readonly state: RaftState
  /** The entries that were there, by index. */
  readonly entries: (Entry | undefined)[]
  commitIndex: number
  commitIndexMax: number
  leaderTerm: number
  leaderIndex: number
}

/** What must hold of a whole cluster after every step (Figure 3 of the paper). */
export class ClusterInvariants {
  readonly #leaders = new Map<number, NodeId>()
  readonly #entries = new Map<string, string>()
  readonly #committed: (Known | undefined)[] = []
  readonly #checked = new Map<NodeId, Checked>()
  #maxCommit = 0
  #maxLeaderTerm = 0

  get maxCommit(): number {
    return this.#maxCommit
  }

  /** Checks one member against all that is known. The others have not changed since they were looked at. */
  check(id: NodeId, state: RaftState): void {
    checkInvariants(state)
    const checked = this.#checkedOf(id, state)
    this.#checkLogMatching(id, checked)
    this.#checkCommitted(id, checked)
    if (state.role === 'leader') this.#checkLeader(id, checked)
  }

  /** State-machine safety: every member applies the same command at a position. */
  checkDelivered(id: NodeId, index: number, command: Uint8Array | null): void {
    const known = this.#committed[index]
    expectHolds(known !== undefined, () => `${id} applies ${index}, which nobody committed`)
    const text = command === null ? '-' : textOf(command)
    expectHolds(known.text === text, () => `${id} applies "${text}" at ${index}, and another member "${known.text}"`)
  }

  #checkedOf(id: NodeId, state: RaftState): Checked {
    const before = this.#checked.get(id)
    if (before?.state === state) return before
    const checked = { state, entries: [undefined], commitIndex: 0, commitIndexMax: 0, leaderTerm: 0, leaderIndex: 0 }
    this.#checked.set(id, checked)
    return checked
  }

  /** Election safety (§5.2) and leader completeness (§5.4.3). */
  #checkLeader(id: NodeId, checked: Checked): void {
    const { currentTerm } = checked.state.hardState
    const elected = this.#leaders.get(currentTerm) ?? id
    expectHolds(elected === id, () => `term ${currentTerm} has two leaders, ${elected} and ${id} (election safety)`)
    this.#leaders.set(currentTerm, id)
    this.#maxLeaderTerm = Math.max(this.#maxLeaderTerm, currentTerm)
    // A deposed leader that does not know it yet may lack what later leaders committed.
    if (this.#maxLeaderTerm > currentTerm) return
    if (checked.leaderTerm !== currentTerm) checked.leaderIndex = 0
    checked.leaderTerm = currentTerm
    const first = Math.max(checked.leaderIndex + 1, checked.state.log.base.index)
    for (let index = Math.max(1, first); index <= this.#maxCommit; index += 1) {
      const isHere = checked.state.log.termAt(index) === this.#committed[index]?.term
      expectHolds(isHere, () => `leader ${id} of term ${currentTerm} lacks committed ${index} (leader completeness)`)
    }
    checked.leaderIndex = this.#maxCommit
  }

  /** Log matching (§5.3): an entry's name decides its content and everything before it. */
  #checkLogMatching(id: NodeId, checked: Checked): void {
    const { log } = checked.state
    const { entries } = checked
    entries.length = Math.min(Math.max(entries.length, log.base.index + 1), log.lastIndex + 1)
    while (entries.length - 1 > log.base.index && entries.at(-1) !== log.entryAt(entries.length - 1)) entries.pop()
    checked.commitIndex = Math.min(checked.commitIndex, entries.length - 1)
    checked.leaderIndex = Math.min(checked.leaderIndex, entries.length - 1)
    for (let index = entries.length; index <= log.lastIndex; index += 1) {
      const entry = log.entryAt(index)
      const name = `${index}@${entry.term}`
      const content = `${log.termAt(index - 1)}:${textOfEntry(entry)}`
      const known = this.#entries.get(name) ?? content
      this.#entries.set(name, known)
      expectHolds(
        known === content,
        () => `${id} holds ${content} as ${name}, and another member ${known} (log matching)`,
      )
      entries.push(entry)
    }
  }

  #checkCommitted(id: NodeId, checked: Checked): void {
    const { log, commitIndex } = checked.state
    expectHolds(commitIndex >= checked.commitIndexMax, () => `${id} takes back its commit index`)
    checked.commitIndexMax = commitIndex
    // What a snapshot stands for was committed by somebody, and of this term.
    const { index: base, term: baseTerm } = log.base
    expectHolds(base === 0 || this.#committed[base]?.term === baseTerm, () => `${id} has a snapshot of what never was`)
    for (let index = Math.max(checked.commitIndex, base) + 1; index <= commitIndex; index += 1) {
      const entry = log.entryAt(index)
      const known = this.#committed[index] ?? { term: entry.term, text: textOfEntry(entry) }
      this.#committed[index] = known
      expectHolds(
        known.term === entry.term,
        () => `${id} commits ${index}@${entry.term}, and another @${known.term} (state-machine safety)`,
      )
    }
    checked.commitIndex = commitIndex
    this.#maxCommit = Math.max(this.#maxCommit, commitIndex)
  }
}

/** Throws unless the claim holds. */
export function expectHolds(claim: boolean, message: string | (() => string)): asserts claim {
  if (!claim) throw new InvariantViolation(typeof message === 'string' ? message : message())
}

function textOfEntry(entry: Entry): string {
  return entry.kind === 'command' ? textOf(entry.data) : '-'
}

const decoder = new TextDecoder()

function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
