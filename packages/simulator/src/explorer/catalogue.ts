import { nodeId, type NodeId } from '@quorate/contracts'
import { checkVoice, historyKey, type History } from './claims.js'
import { Interned, keyOf } from './interned.js'
import { MemberLife, type MemberMoment, type MemberParts, type Sent, type Step } from './member-life.js'
import type { Bounds, Explored, Names } from './model.js'
import { type MoveKind } from './moves.js'
import { Signatures } from './signatures.js'

/** One member at one moment, and what is known of what can become of it. */
interface Moment<Message> extends MemberMoment<Message> {
  readonly member: number
  /** By what was done to it: see `outcome`. */
  readonly outcomes: (Outcome | undefined)[]
  /** By message to or from it. */
  readonly attitudes: (Attitude | undefined)[]
}

/** What is certain of a message and its receiver, or its sender. The words are those of `Outlook`. */
export type Attitude = 'open' | 'spent' | 'mute' | 'indifferent'

/** A message, and what it says. */
interface Letter<Message> {
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
  readonly message: Message
}

/** What a member becomes by a move and what it says, in numbers. */
export interface Outcome {
  readonly moment: number
  readonly sent: readonly number[]
  /** Its last entry is another one. */
  readonly isLogOther: boolean
  /** It begins to lead. */
  readonly begins: boolean
  /** It calls more committed. */
  readonly isFurther: boolean
}

/**
 * All moments of members, messages and histories that occur, each with a number, and what members do in each moment.
 *
 * A core's moment and a message are looked at once; what a member does in a moment is computed once, however many states
 * of the cluster it occurs in. So a step of the cluster is mostly a look into a table.
 */
export class Catalogue<Message, Admin> {
  readonly ids: readonly NodeId[]
  readonly momentNames: Signatures
  readonly messageNames: Signatures
  readonly historyNames: Signatures
  readonly #explored: Explored<Message, Admin>
  readonly #arrangements: readonly (readonly number[])[]
  readonly #namings: readonly Names[]
  readonly #lives: readonly MemberLife<Message, Admin>[]
  readonly #moments = new Interned<Moment<Message>>()
  readonly #letters = new Interned<Letter<Message>>()
  readonly #histories = new Interned<History>()

  constructor(explored: Explored<Message, Admin>, bounds: Bounds, arrangements: readonly (readonly number[])[]) {
    this.#explored = explored
    this.#arrangements = arrangements
    this.ids = Array.from({ length: bounds.members }, (_, at) => nodeId(`n${at + 1}`))
    this.#namings = arrangements.map((places) => (id) => this.ids[places[this.ids.indexOf(id)] ?? 0] ?? id)
    this.#lives = this.ids.map((id) => new MemberLife(id, this.ids, explored, bounds))
    this.momentNames = new Signatures(arrangements.length)
    this.messageNames = new Signatures(arrangements.length)
    this.historyNames = new Signatures(arrangements.length)
  }

  get moments(): number {
    return this.#moments.size
  }

  get messages(): number {
    return this.#letters.size
  }

  moment(id: number): Moment<Message> {
    return this.#moments.at(id)
  }

  letter(id: number): Letter<Message> {
    return this.#letters.at(id)
  }

  history(id: number): History {
    return this.#histories.at(id)
  }

  /** The moment at which a member has started for the first time, and its disk is done. */
  firstMoment(member: number): number {
    const life = this.#lifeOf(member)
    let step = life.begin([])
    while (step.moment.writing.length > 0) step = life.persist(step.moment)
    return this.#momentId(member, step.moment)
  }

  historyId(history: History): number {
    return this.#histories.of(historyKey(history), (id) => {
      const keys = this.#arrangements.map((places) => historyKey(history, (leader) => places[leader] ?? leader))
      this.historyNames.set(id, keys)
      return history
    })
  }

  /** `argument` is a message's number, or which command it is that is proposed. Throws a `Violation`. */
  outcome(momentId: number, kind: MoveKind, argument: number): Outcome {
    const moment = this.#moments.at(momentId)
    const at =
      kind === 'deliver' || kind === 'duplicate' ? 64 + argument : kind === 'propose' ? 8 + argument : order[kind]
    return (moment.outcomes[at] ??= this.#computed(moment, kind, argument))
  }

  /** Nothing will ever come of a message, as its receiver and its sender are. */
  isVain(messageId: number, receiverId: number, senderId: number): boolean {
    const attitude = this.attitude(receiverId, messageId)
    return attitude === 'spent' || (attitude === 'mute' && this.attitude(senderId, messageId) === 'indifferent')
  }

  /** What a moment was seen to become. */
  followersOf(momentId: number): readonly number[] {
    const all = this.#moments.at(momentId).outcomes.flatMap((each) => (each ? [each.moment] : []))
    return [...new Set(all)].filter((each) => each !== momentId)
  }

  attitude(momentId: number, messageId: number): Attitude {
    const moment = this.#moments.at(momentId)
    return (moment.attitudes[messageId] ??= this.#attitudeOf(moment, this.#letters.at(messageId)))
  }

  /** What a member answers to a message, at once or when its disk is done; null if that is not all that comes of it. */
  answersTo(messageId: number, momentId: number): readonly number[] | null {
    const moment = this.#moments.at(momentId)
    const { moment: next, sent } = this.#step(moment, 'deliver', messageId)
    const life = this.#lifeOf(moment.member)
    if (life.keyOf(silent(next)) !== life.keyOf(silent(moment))) return null
    const answers = [...sent, ...saidLast(next).slice(saidLast(moment).length)]
    return answers.map((each) => this.#letterId(moment.member, each))
  }

  /** A message, for people. */
  describe(messageId: number): string {
    const { from, to, bytes } = this.letter(messageId)
    const { kind, ...said } = this.#explored.module.decode(bytes) as Record<string, unknown>
    const text = JSON.stringify(said, (key, value: unknown) => (key === 'data' ? '…' : value))
    return `${this.ids[to] ?? ''} receives from ${this.ids[from] ?? ''}: ${String(kind)} ${text}`
  }

  #computed(moment: Moment<Message>, kind: MoveKind, argument: number): Outcome {
    const { moment: next, sent } = this.#step(moment, kind, argument)
    const [was, now] = [moment.facts, next.facts]
    if (kind !== 'crash') checkVoice(was, now)
    return {
      moment: this.#momentId(moment.member, next),
      sent: sent.map((each) => this.#letterId(moment.member, each)),
      isLogOther: was.log.length !== now.log.length || was.log.at(-1)?.epoch !== now.log.at(-1)?.epoch,
      begins: now.isLeader && (!was.isLeader || was.epoch !== now.epoch),
      isFurther: now.committed > was.committed,
    }
  }

  #step(moment: Moment<Message>, kind: MoveKind, argument: number): Step<Message> {
    const life = this.#lifeOf(moment.member)
    switch (kind) {
      case 'timeout':
        return life.timeOut(moment)
      case 'beat':
        return life.beat(moment)
      case 'propose':
        return life.propose(moment, Uint8Array.of(argument))
      case 'persist':
        return life.persist(moment)
      case 'crash':
        return life.crash(moment)
      case 'deliver':
      case 'duplicate': {
        const { from, message } = this.#letters.at(argument)
        return life.receive(moment, this.ids[from] ?? life.id, message)
      }
    }
  }

  #attitudeOf({ member, outlook }: Moment<Message>, { from, to, message }: Letter<Message>): Attitude {
    const [sender, receiver] = [this.#lifeOf(from).id, this.#lifeOf(to).id]
    if (member === from) return outlook.isIndifferent(receiver, message) ? 'indifferent' : 'open'
    if (member !== to) return 'open'
    return outlook.isSpent(sender, message) ? 'spent' : outlook.isMute(sender, message) ? 'mute' : 'open'
  }

  #lifeOf(member: number): MemberLife<Message, Admin> {
    const life = this.#lives[member]
    if (!life) throw new RangeError(`there is no member ${member}`)
    return life
  }

  #keys(member: number, parts: MemberParts): string[] {
    return this.#arrangements.map((places, at) => {
      const place = places[member] ?? member
      return `${place}${this.#lifeOf(place).keyOf(this.#lifeOf(member).renamed(parts, this.#namings[at] ?? sameNames))}`
    })
  }

  #momentId(member: number, moment: MemberMoment<Message>): number {
    return this.#moments.of(`${member}${this.#lifeOf(member).keyOf(moment)}`, (id) => {
      this.momentNames.set(id, this.#keys(member, moment))
      return { ...moment, member, outcomes: [], attitudes: [] }
    })
  }

  #letterId(from: number, { to, bytes }: Sent): number {
    const target = this.ids.indexOf(to)
    return this.#letters.of(`${from}${target}${keyOf(bytes)}`, (id) => {
      const keys = this.#arrangements.map((places, at) => {
        const said = this.#explored.renamed.message(bytes, this.#namings[at] ?? sameNames)
        return `${places[from] ?? from}${places[target] ?? target}${keyOf(said)}`
      })
      this.messageNames.set(id, keys)
      return { from, to: target, bytes, message: this.#explored.module.decode(bytes) }
    })
  }
}

const sameNames: Names = (id) => id

/** A member without what waits to be said. */
function silent({ writing, ...rest }: MemberParts): MemberParts {
  return { ...rest, writing: writing.map(({ records }) => ({ records, messages: [] })) }
}

/** What is said when everything is on the disk. */
function saidLast({ writing }: MemberParts): readonly Sent[] {
  return writing.at(-1)?.messages ?? []
}

const order: Readonly<Record<Exclude<MoveKind, 'propose' | 'deliver' | 'duplicate'>, number>> = {
  ...{ timeout: 0, beat: 1, persist: 2, crash: 3 },
}
