import { arrangementsOf } from './arrangements.js'
import { Catalogue, type Outcome } from './catalogue.js'
import { checkLogs, nothing, onCommitted, onLeader } from './claims.js'
import type { Facts } from './facts.js'
import type { Bounds, Explored } from './model.js'
import {
  argumentOf,
  kindOf,
  leftOf,
  moveOf,
  packBudget,
  spent,
  type BudgetField,
  type Move,
  type MoveKind,
} from './moves.js'
import { finish } from './signatures.js'

/** Room for a state: members, history, budget and messages. */
export const stateWordsMax = 4_096

/**
 * A cluster as a row of numbers (a moment for each member, history, budget, messages on their way), and how each state
 * follows from another.
 *
 * States that are the same but for the names of members are one. A state's name under an arrangement of the members is the
 * sum of the names of its parts; what is remembered of it is a mixture of its names under all arrangements, which is the
 * same for all of them. So nothing has to be sorted or renamed while exploring.
 */
export class Explorer<Message, Admin> {
  readonly first: Int32Array
  readonly catalogue: Catalogue<Message, Admin>
  /** What is remembered of the state after the move that was tried last. */
  low = 0
  high = 0
  readonly #bounds: Bounds
  readonly #members: number
  readonly #history: number
  readonly #budget: number
  readonly #messages: number
  readonly #isOnceEnough: boolean

  #words: Int32Array = new Int32Array(stateWordsMax)
  #length = 0
  readonly #sums: Int32Array
  readonly #next: Next
  readonly #trial: Int32Array

  constructor(explored: Explored<Message, Admin>, bounds: Bounds, isSymmetric: boolean) {
    this.#bounds = bounds
    const arrangements = arrangementsOf(bounds.members)
    this.catalogue = new Catalogue(explored, bounds, isSymmetric ? arrangements : arrangements.slice(0, 1))
    this.#members = bounds.members
    this.#history = bounds.members
    this.#budget = bounds.members + 1
    this.#messages = bounds.members + 2
    this.#isOnceEnough = bounds.duplicates === 'any'
    const { width } = this.catalogue.momentNames
    this.#sums = new Int32Array(width)
    this.#trial = new Int32Array(width)
    this.#next = { member: 0, outcome: null, history: 0, budget: 0, gone: new Uint8Array(stateWordsMax), added: [] }
    this.first = this.#firstState()
    this.load(this.first, this.first.length)
    this.#trial.set(this.#sums)
    this.#fingerprint(this.first[this.#budget] ?? 0)
  }

  /** The state from which moves are tried from now on. The row is not copied. */
  load(words: Int32Array, length: number): void {
    const { momentNames, historyNames, messageNames } = this.catalogue
    this.#words = words
    this.#length = length
    const sums = this.#sums.fill(0)
    for (let member = 0; member < this.#members; member += 1) momentNames.addTo(sums, words[member] ?? 0)
    historyNames.addTo(sums, words[this.#history] ?? 0)
    for (let at = this.#messages; at < length; at += 1) messageNames.addTo(sums, words[at] ?? 0)
  }

  /** Everything that can happen next. */
  moves(): Move[] {
    const words = this.#words
    const budget = words[this.#budget] ?? 0
    const moves: Move[] = []
    for (let member = 0; member < this.#members; member += 1) {
      const { facts, writing } = this.catalogue.moment(words[member] ?? 0)
      const wantsToLead = !facts.isLeader && facts.epoch < this.#bounds.epochMax
      if (wantsToLead && leftOf(budget, 'timeouts') > 0) moves.push(moveOf('timeout', member))
      if (facts.isLeader && leftOf(budget, 'beats') > 0) moves.push(moveOf('beat', member))
      if (facts.isLeader && leftOf(budget, 'proposals') > 0) moves.push(moveOf('propose', member))
      if (writing.length > 0) moves.push(moveOf('persist', member))
      if (leftOf(budget, 'crashes') > 0) moves.push(moveOf('crash', member))
    }
    const mayDouble = leftOf(budget, 'duplicates') > 0
    for (let at = this.#messages; at < this.#length; at += 1) {
      const message = words[at] ?? 0
      if (at > this.#messages && words[at - 1] === message) continue
      moves.push(moveOf('deliver', message))
      if (mayDouble) moves.push(moveOf('duplicate', message))
    }
    return moves
  }

  /**
   * Finds out what the state after a move is remembered by. False if nothing would come of the move but a smaller budget:
   * whatever can happen then can happen without it. Throws a `Violation`.
   */
  try(move: Move): boolean {
    const [kind, argument] = [kindOf(move), argumentOf(move)]
    const words = this.#words
    const next = this.#next
    const { momentNames, historyNames } = this.catalogue
    const member = kind === 'deliver' || kind === 'duplicate' ? this.catalogue.letter(argument).to : argument
    const before = words[member] ?? 0
    const budget = words[this.#budget] ?? 0
    const what = kind === 'propose' ? this.#bounds.proposals - leftOf(budget, 'proposals') : argument
    const outcome = this.catalogue.outcome(before, kind, what)
    const field = fieldOf[kind]
    if (field !== null && outcome.moment === before && outcome.sent.length === 0) return false
    const trial = this.#trial
    trial.set(this.#sums)
    if (outcome.moment !== before) {
      momentNames.takeFrom(trial, before)
      momentNames.addTo(trial, outcome.moment)
    }
    next.member = member
    next.outcome = outcome
    next.history = words[this.#history] ?? 0
    if (outcome.begins || outcome.isFurther) {
      historyNames.takeFrom(trial, next.history)
      next.history = this.#historyAfter(outcome, member)
      historyNames.addTo(trial, next.history)
    }
    next.budget = field === null ? budget : spent(budget, field)
    const isTakenAway = kind === 'deliver' && !this.#isOnceEnough
    this.#tryMessages(member, outcome, isTakenAway ? argument : -1)
    if (kind === 'duplicate' && this.#isVainAfter(argument, member, outcome.moment)) return false
    this.#fingerprint(next.budget)
    return true
  }

  /** Looks at the state after the move that was tried last, beside what each step looks at. Throws a `Violation`. */
  check(): void {
    const { outcome, member } = this.#next
    if (!outcome?.isLogOther) return
    const facts = this.#factsAfter(outcome, member)
    const now = this.catalogue.moment(outcome.moment).facts
    facts.forEach((other, at) => at !== member && checkLogs(now, other))
  }

  /** Puts the state after the move that was tried last into `into`, and returns its length. */
  write(into: Int32Array): number {
    const { member, outcome, history, budget, gone, added } = this.#next
    const words = this.#words
    for (let at = 0; at < this.#members; at += 1) into[at] = words[at] ?? 0
    into[member] = outcome?.moment ?? 0
    into[this.#history] = history
    into[this.#budget] = budget
    let end = this.#messages
    for (let at = end; at < this.#length; at += 1) if (gone[at] === 0) into[end++] = words[at] ?? 0
    for (const message of added) {
      let at = end++
      for (; at > this.#messages && (into[at - 1] ?? 0) > message; at -= 1) into[at] = into[at - 1] ?? 0
      into[at] = message
    }
    return end
  }

  /** How many states the one that was tried last stands for: it, with names changed. */
  alike(): number {
    const words = this.#trial
    let count = 0
    for (let at = 0; at < words.length; at += 2) {
      let earlier = 0
      while (words[earlier] !== words[at] || words[earlier + 1] !== words[at + 1]) earlier += 2
      if (earlier === at) count += 1
    }
    return count
  }

  /** What a move is, for people. */
  describe(move: Move): string {
    const [kind, argument] = [kindOf(move), argumentOf(move)]
    if (kind !== 'deliver' && kind !== 'duplicate') return `${this.catalogue.ids[argument] ?? ''} ${wordsOf[kind]}`
    return `${this.catalogue.describe(argument)}${kind === 'duplicate' ? ', and it is still on its way' : ''}`
  }

  #firstState(): Int32Array {
    const { timeouts, proposals, beats, crashes, duplicates, members } = this.#bounds
    const moments = Array.from({ length: members }, (_, member) => this.catalogue.firstMoment(member))
    const counts = { timeouts, proposals, beats, crashes, duplicates: duplicates === 'any' ? 0 : duplicates }
    return Int32Array.of(...moments, this.catalogue.historyId(nothing), packBudget(counts))
  }

  /** Which messages are no longer on their way after a move, and which are new: what nobody will react to is left out. */
  #tryMessages(member: number, outcome: Outcome, delivered: number): void {
    const { catalogue } = this
    const { messageNames } = catalogue
    const words = this.#words
    const { gone, added } = this.#next
    added.length = 0
    const isOther = outcome.moment !== words[member]
    let isTaken = delivered < 0
    for (let at = this.#messages; at < this.#length; at += 1) {
      const message = words[at] ?? 0
      const isDelivered = !isTaken && message === delivered
      if (isDelivered) isTaken = true
      const isGone = isDelivered || (isOther && this.#isVainAfter(message, member, outcome.moment))
      gone[at] = isGone ? 1 : 0
      if (isGone) messageNames.takeFrom(this.#trial, message)
    }
    for (const message of outcome.sent) {
      if (this.#isVainAfter(message, member, outcome.moment)) continue
      if (this.#isOnceEnough && this.#isOnItsWay(message)) continue
      added.push(message)
      messageNames.addTo(this.#trial, message)
    }
  }

  #isVainAfter(message: number, member: number, moment: number): boolean {
    const { from, to } = this.catalogue.letter(message)
    if (from === member) return this.catalogue.isVain(message, this.#words[to] ?? 0, moment)
    return to === member && this.catalogue.isVain(message, moment, this.#words[from] ?? 0)
  }

  #isOnItsWay(message: number): boolean {
    for (let at = this.#messages; at < this.#length; at += 1) if (this.#words[at] === message) return true
    return false
  }

  #historyAfter(outcome: Outcome, member: number): number {
    const { facts } = this.catalogue.moment(outcome.moment)
    let history = this.catalogue.history(this.#words[this.#history] ?? 0)
    if (outcome.begins) history = onLeader(history, member, facts)
    if (outcome.isFurther) history = onCommitted(history, facts, this.#factsAfter(outcome, member))
    return this.catalogue.historyId(history)
  }

  #factsAfter(outcome: Outcome, member: number): Facts[] {
    const after = (at: number): number => (at === member ? outcome.moment : (this.#words[at] ?? 0))
    return Array.from({ length: this.#members }, (_, at) => this.catalogue.moment(after(at)).facts)
  }

  /** The mixture does not depend on the order of the arrangements. */
  #fingerprint(budget: number): void {
    const words = this.#trial
    let [low, high] = [0, 0]
    for (let at = 0; at < words.length; at += 2) {
      const second = (words[at + 1] ?? 0) + Math.imul(budget, 0x9e37_79b1)
      const one = finish((words[at] ?? 0) + Math.imul(second, 0x85eb_ca6b) + budget)
      low = (low + one) | 0
      high = (high + finish(second ^ one)) | 0
    }
    this.low = low >>> 0
    this.high = high >>> 0
  }
}

/** The state after a move that was tried, as far as it differs. */
interface Next {
  member: number
  outcome: Outcome | null
  history: number
  budget: number
  /** Of the messages in the row: 1 if it is no longer on its way. */
  readonly gone: Uint8Array
  readonly added: number[]
}

const fieldOf: Readonly<Record<MoveKind, BudgetField | null>> = {
  ...{ timeout: 'timeouts', beat: 'beats', propose: 'proposals', crash: 'crashes', duplicate: 'duplicates' },
  ...{ persist: null, deliver: null },
}

const wordsOf = {
  timeout: 'loses patience',
  beat: 'sends heartbeats',
  propose: 'is given a command',
  persist: 'has its oldest records on its disk',
  crash: 'crashes and starts again',
}
