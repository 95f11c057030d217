import type { NodeId } from '@quorate/contracts'
import { checkInvariants } from '../invariants.js'
import type { JointQuorum } from '../quorum/index.js'
import { jointVote } from '../quorum/index.js'
import type { RaftState } from '../state.js'
import { contentOf, quote } from './wording.js'

interface Known {
  readonly term: number
  readonly content: string
}

/** What must hold of a cluster after every step (Figure 3 of the paper), and of what it told its callers. */
export class ClusterInvariants {
  readonly #report: (problem: string) => void
  readonly #reported = new Set<string>()
  readonly #leaders = new Map<number, NodeId>()
  readonly #votes = new Map<string, NodeId>()
  readonly #entries = new Map<string, string>()
  readonly #committed = new Map<number, Known>()
  readonly #proposed = new Set<string>()
  readonly #ambiguous = new Set<string>()
  readonly #notDone = new Set<string>()
  #maxCommit = 0
  #maxLeaderTerm = 0

  /** `report` is told each problem once. */
  constructor(report: (problem: string) => void) {
    this.#report = report
  }

  /** The last position that any member knew to be committed. */
  get maxCommit(): number {
    return this.#maxCommit
  }

  /** Checks one member against all that is known. `isDurable` tells whether a member's disk holds an entry. */
  check(id: NodeId, state: RaftState, isDurable: (id: NodeId, index: number, term: number) => boolean): void {
    checkInvariants(state)
    this.#checkLogMatching(id, state)
    this.#checkCommitted(id, state, isDurable)
    if (state.role === 'leader') this.#checkLeader(id, state)
  }

  /** A member votes once in a term, whatever it lived through (§5.2). */
  checkVote(voter: NodeId, term: number, candidate: NodeId): void {
    const key = `${voter} ${term}`
    const before = this.#votes.get(key) ?? candidate
    this.#votes.set(key, before)
    this.#expect(before === candidate, () => `${voter} votes for ${before} and for ${candidate} in term ${term}`)
  }

  /** State-machine safety (§5.4.3): what is applied is what was committed there. `content` is null for no command. */
  checkApplied(id: NodeId, position: number, content: string | null): void {
    const known = this.#committed.get(position)
    if (!known) {
      this.#expect(false, () => `${id} applies ${position}, which nobody committed`)
      return
    }
    const isSame = content === null || known.content === content
    this.#expect(isSame, () => `${id} applies ${quote(content ?? '')} at ${position}, others "${known.content}"`)
  }

  onProposed(content: string): void {
    if (this.#proposed.has(content)) this.#ambiguous.add(content)
    this.#proposed.add(content)
  }

  /** A caller was told that its command did not happen. */
  onNotDone(content: string): void {
    this.#notDone.add(content)
    for (const [position, known] of this.#committed) this.#checkNotDone(position, known.content)
  }

  /** A read answers at least what was committed when it was asked. */
  checkRead(id: NodeId, name: string, position: number, asked: number): void {
    this.#expect(
      position >= asked,
      () => `${id} answers ${name} from ${position}, but ${asked} was committed before it`,
    )
  }

  /** Election safety (§5.2) and leader completeness (§5.4.3). */
  #checkLeader(id: NodeId, { hardState: { currentTerm }, log }: RaftState): void {
    const elected = this.#leaders.get(currentTerm) ?? id
    this.#leaders.set(currentTerm, elected)
    this.#expect(elected === id, () => `term ${currentTerm} has two leaders, ${elected} and ${id}`)
    this.#maxLeaderTerm = Math.max(this.#maxLeaderTerm, currentTerm)
    // A deposed leader that does not know it yet may lack what later leaders committed.
    if (currentTerm < this.#maxLeaderTerm) return
    for (const [index, { term }] of this.#committed) {
      if (index < log.firstIndex) continue
      const isHere = log.termAt(index) === term
      this.#expect(isHere, () => `${id} leads term ${currentTerm} and lacks ${index}@${term}, which is committed`)
    }
  }

  /** Log matching (§5.3): an entry's name decides its content and everything before it. */
  #checkLogMatching(id: NodeId, { log }: RaftState): void {
    for (let index = log.firstIndex; index <= log.lastIndex; index += 1) {
      const entry = log.entryAt(index)
      const name = `${index}@${entry.term}`
      const content = `${contentOf(entry)} behind ${index - 1}@${log.termAt(index - 1)}`
      const known = this.#entries.get(name) ?? content
      this.#entries.set(name, known)
      this.#expect(known === content, () => `${id} holds ${name} ${content}, and others ${known}`)
    }
  }

  /** Committed entries never change, and a majority of disks held each when it was first reported. */
  #checkCommitted(id: NodeId, state: RaftState, isDurable: (id: NodeId, index: number, term: number) => boolean): void {
    const { log, commitIndex, quorum } = state
    for (let index = log.firstIndex; index <= commitIndex; index += 1) {
      const { term } = log.entryAt(index)
      const known = this.#committed.get(index)
      if (known) {
        this.#expect(known.term === term, () => `${id} commits ${index}@${term}, and others ${index}@${known.term}`)
        continue
      }
      const content = contentOf(log.entryAt(index))
      this.#committed.set(index, { term, content })
      this.#checkNotDone(index, content)
      this.#expect(
        isOnMajority(quorum, (voter) => isDurable(voter, index, term)),
        () => `${id} commits ${index}@${term}, which is on the disks of no majority`,
      )
    }
    this.#maxCommit = Math.max(this.#maxCommit, commitIndex)
  }

  #checkNotDone(position: number, content: string): void {
    const isBroken = this.#notDone.has(content) && !this.#ambiguous.has(content)
    this.#expect(
      !isBroken,
      () => `"${content}" is committed at ${position}, and its caller was told that it was not done`,
    )
  }

  #expect(claim: boolean, problem: () => string): void {
    if (claim) return
    const text = problem()
    if (this.#reported.has(text)) return
    this.#reported.add(text)
    this.#report(text)
  }
}

function isOnMajority(quorum: JointQuorum, holds: (voter: NodeId) => boolean): boolean {
  return jointVote(quorum, holds) === 'won'
}
