import { nodeId, type NodeId } from '@quorate/contracts'
import { checkLogs, checkVoice, historyKey, nothing, onCommitted, onLeader, type History } from './claims.js'
import type { Facts } from './facts.js'
import { Interned, keyOf } from './interned.js'
import { MemberLife, type MemberMoment, type Sent, type Step } from './member-life.js'
import type { Bounds, Explored } from './model.js'
import { leftOf, packBudget, spent, type BudgetField, type Move } from './moves.js'

/** Room for a state: members, history, budget and messages. */
export const stateWordsMax = 4_096

interface Moment extends MemberMoment {
  readonly member: number
}

interface Message {
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
}

/** A move of one member that was tried before: what it becomes and what it says, in numbers. */
interface Known {
  readonly moment: number
  readonly sent: readonly number[]
}

/**
 * A cluster as a row of numbers, and how each state follows from another.
 *
 * A core's moment and a message are looked at once and are a number from then on; what a member does in a moment is
 * computed once, however many states of the cluster it occurs in. So a step of the cluster is mostly a look into a table.
 */
export class Explorer<Message_, Admin> {
  readonly first: Int32Array
  readonly #explored: Explored<Message_, Admin>
  readonly #bounds: Bounds
  readonly #ids: readonly NodeId[]
  readonly #lives: readonly MemberLife<Message_, Admin>[]
  readonly #moments = new Interned<Moment>()
  readonly #messages = new Interned<Message>()
  readonly #histories = new Interned<History>()
  readonly #known = new Map<number, Known>()

  constructor(explored: Explored<Message_, Admin>, bounds: Bounds) {
    this.#explored = explored
    this.#bounds = bounds
    this.#ids = Array.from({ length: bounds.members }, (_, at) => nodeId(`n${at + 1}`))
    this.#lives = this.#ids.map((id) => new MemberLife(id, this.#ids, explored))
    this.first = this.#firstState()
  }

  get moments(): number {
    return this.#moments.size
  }

  get messages(): number {
    return this.#messages.size
  }

  /** Everything that can happen next. Of members that are alike only the first begins. */
  movesOf(words: Int32Array, length: number): Move[] {
    const count = this.#ids.length
    const budget = words[count + 1] ?? 0
    const moves: Move[] = []
    const isUntouched = leftOf(budget, 'timeouts') === this.#bounds.timeouts
    for (let member = 0; member < count; member += 1) {
      const { facts, writing } = this.#momentOf(words, member)
      const wantsToLead = !facts.isLeader && facts.epoch < this.#bounds.epochMax && (member === 0 || !isUntouched)
      if (wantsToLead && leftOf(budget, 'timeouts') > 0) moves.push({ kind: 'timeout', argument: member })
      if (facts.isLeader && leftOf(budget, 'beats') > 0) moves.push({ kind: 'beat', argument: member })
      if (facts.isLeader && leftOf(budget, 'proposals') > 0) moves.push({ kind: 'propose', argument: member })
      if (writing.length > 0) moves.push({ kind: 'persist', argument: member })
      if (!isUntouched && leftOf(budget, 'crashes') > 0) moves.push({ kind: 'crash', argument: member })
    }
    const mayDouble = leftOf(budget, 'duplicates') > 0
    for (let at = count + 2; at < length; at += 1) {
      const argument = words[at] ?? 0
      if (at > count + 2 && words[at - 1] === argument) continue
      moves.push({ kind: 'deliver', argument })
      if (mayDouble) moves.push({ kind: 'duplicate', argument })
    }
    return moves
  }

  /** Puts the state after a move into `into`, and returns its length. Throws a `Violation`. */
  apply(words: Int32Array, length: number, { kind, argument }: Move, into: Int32Array): number {
    const isMessage = kind === 'deliver' || kind === 'duplicate'
    const member = isMessage ? this.#messages.at(argument).to : argument
    const known = this.#knownMove(words, member, kind, argument)
    const count = this.#ids.length
    into.set(words.subarray(0, count + 2))
    const before = words[member] ?? 0
    into[member] = known.moment
    if (known.moment !== before) into[count] = this.#checked(into, member, before, kind)
    const field = fieldOf[kind]
    if (field !== null) into[count + 1] = spent(into[count + 1] ?? 0, field)
    return mergeMessages(words, length, count + 2, kind === 'deliver' ? argument : -1, known.sent, into)
  }

  /** What a move is, for people. */
  describe({ kind, argument }: Move): string {
    if (kind !== 'deliver' && kind !== 'duplicate') return `${this.#ids[argument] ?? ''} ${wordsOf[kind]}`
    const { from, to, bytes } = this.#messages.at(argument)
    const { kind: name, ...said } = this.#explored.module.decode(bytes) as Record<string, unknown>
    const text = JSON.stringify(said, (key, value: unknown) => (key === 'data' ? '…' : value))
    const again = kind === 'duplicate' ? ', and it is still on its way' : ''
    return `${this.#ids[to] ?? ''} receives from ${this.#ids[from] ?? ''}: ${String(name)} ${text}${again}`
  }

  #firstState(): Int32Array {
    const { timeouts, proposals, beats, crashes, duplicates } = this.#bounds
    const moments = this.#lives.map((life, member) => {
      let step = life.begin([])
      while (step.moment.writing.length > 0) step = life.persist(step.moment)
      return this.#momentId(member, step.moment)
    })
    const history = this.#histories.of(historyKey(nothing), () => nothing)
    return Int32Array.of(...moments, history, packBudget({ timeouts, proposals, beats, crashes, duplicates }))
  }

  #momentOf(words: Int32Array, member: number): Moment {
    return this.#moments.at(words[member] ?? 0)
  }

  #knownMove(words: Int32Array, member: number, kind: Move['kind'], argument: number): Known {
    const moment = words[member] ?? 0
    const proposed = this.#bounds.proposals - leftOf(words[this.#ids.length + 1] ?? 0, 'proposals')
    const what =
      kind === 'deliver' || kind === 'duplicate' ? 64 + argument : kind === 'propose' ? 8 + proposed : order[kind]
    const key = moment * 0x100_0000 + what
    let known = this.#known.get(key)
    if (known === undefined) {
      const { moment: next, sent } = this.#step(this.#moments.at(moment), kind, argument, proposed)
      known = { moment: this.#momentId(member, next), sent: sent.map((each) => this.#messageId(member, each)) }
      this.#known.set(key, known)
    }
    return known
  }

  #step(moment: Moment, kind: Move['kind'], argument: number, proposed: number): Step {
    const life = this.#lives[moment.member]
    if (!life) throw new RangeError(`there is no member ${moment.member}`)
    switch (kind) {
      case 'timeout':
        return life.timeOut(moment)
      case 'beat':
        return life.beat(moment)
      case 'propose':
        return life.propose(moment, Uint8Array.of(proposed))
      case 'persist':
        return life.persist(moment)
      case 'crash':
        return life.crash(moment)
      case 'deliver':
      case 'duplicate': {
        const { from, bytes } = this.#messages.at(argument)
        return life.receive(moment, this.#ids[from] ?? nodeId('nobody'), bytes)
      }
    }
  }

  #momentId(member: number, moment: MemberMoment): number {
    const key = `${member}${this.#lives[member]?.keyOf(moment) ?? ''}`
    return this.#moments.of(key, () => ({ ...moment, member }))
  }

  #messageId(from: number, { to, bytes }: Sent): number {
    const target = this.#ids.indexOf(to)
    return this.#messages.of(`${from}${target}${keyOf(bytes)}`, () => ({ from, to: target, bytes }))
  }

  /** Looks at what one member has become, beside the others and what was. Returns what is true for ever from now on. */
  #checked(words: Int32Array, member: number, before: number, kind: Move['kind']): number {
    const [was, now] = [this.#moments.at(before).facts, this.#momentOf(words, member).facts]
    const id = this.#ids[member] ?? ''
    const historyId = words[this.#ids.length] ?? 0
    if (kind !== 'crash') checkVoice(id, was, now)
    const isLogOther = was.log.length !== now.log.length || was.log.at(-1)?.epoch !== now.log.at(-1)?.epoch
    if (isLogOther) this.#facts(words).forEach((other, at) => at !== member && checkLogs(now, other))
    const begins = now.isLeader && (!was.isLeader || was.epoch !== now.epoch)
    const isFurther = now.committed > was.committed
    if (!begins && !isFurther) return historyId
    let history = this.#histories.at(historyId)
    if (begins) history = onLeader(history, member, now)
    if (isFurther) history = onCommitted(history, now, this.#facts(words))
    const kept = history
    return this.#histories.of(historyKey(kept), () => kept)
  }

  #facts(words: Int32Array): Facts[] {
    return this.#ids.map((_, member) => this.#momentOf(words, member).facts)
  }
}

const order: Readonly<Record<Move['kind'], number>> = {
  ...{ timeout: 0, beat: 1, persist: 2, crash: 3, propose: 8, deliver: 64, duplicate: 64 },
}

const fieldOf: Readonly<Record<Move['kind'], BudgetField | null>> = {
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

/** The messages on their way, in order, without one and with others. Returns the length of the whole state. */
function mergeMessages(
  words: Int32Array,
  length: number,
  from: number,
  without: number,
  sent: readonly number[],
  into: Int32Array,
): number {
  let end = from
  let isGone = without < 0
  for (let at = from; at < length; at += 1) {
    const message = words[at] ?? 0
    if (!isGone && message === without) isGone = true
    else into[end++] = message
  }
  for (const message of sent) {
    let at = end++
    for (; at > from && (into[at - 1] ?? 0) > message; at -= 1) into[at] = into[at - 1] ?? 0
    into[at] = message
  }
  return end
}
