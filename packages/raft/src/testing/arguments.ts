import type { NodeId } from '@quorate/contracts'
import type { ScenarioCluster } from './cluster.js'
import type { ScenarioMember } from './member.js'
import type { Link } from './network.js'
import { CommandError } from './scenario-error.js'

const arrow = /→|->/

/** The words behind a command's name, taken from the left. */
export class Arguments {
  readonly #cluster: ScenarioCluster
  #words: string[]

  constructor(cluster: ScenarioCluster, words: readonly string[]) {
    this.#cluster = cluster
    this.#words = [...words]
  }

  /** Takes `--name` from wherever it stands. */
  flag(name: string): boolean {
    const before = this.#words.length
    this.#words = this.#words.filter((word) => word !== `--${name}`)
    return this.#words.length < before
  }

  /** Takes this word if it is the next one. */
  maybeWord(word: string): boolean {
    if (this.#words[0] !== word) return false
    this.#words.shift()
    return true
  }

  member(): ScenarioMember {
    return this.#cluster.member(this.#next('a member'))
  }

  /** A member that runs. */
  running(): ScenarioMember {
    const member = this.member()
    if (!member.isUp) throw new CommandError(`${member.id} is down; restart it first`)
    return member
  }

  /** All members that are named next; all there are if none is. */
  members(): readonly ScenarioMember[] {
    const named: ScenarioMember[] = []
    while (this.#words[0] !== undefined && !isNumber(this.#words[0])) named.push(this.member())
    return named.length > 0 ? named : this.#cluster.members
  }

  /** One or more members. */
  someMembers(): readonly ScenarioMember[] {
    return [this.member(), ...(this.#words.length > 0 ? this.members() : [])]
  }

  /** A number if the next word is one. */
  maybeNumber(): number | null {
    const word = this.#words[0]
    if (word === undefined || !isNumber(word)) return null
    this.#words.shift()
    return Number(word)
  }

  number(): number {
    return this.maybeNumber() ?? fail(`a number is missing${this.#instead()}`)
  }

  /** One or more texts in double quotes. */
  texts(): string[] {
    const words = this.#words.splice(0)
    if (words.length === 0) throw new CommandError('a command in double quotes is missing')
    for (const word of words) if (!word.startsWith('"')) throw new CommandError(`${word} must stand in double quotes`)
    return words.map((word) => word.slice(1, -1))
  }

  /** The word in quotes or not. */
  word(what: string): string {
    return this.#next(what)
  }

  /** One direction: `n1→n2`, or `n1->n2`. */
  link(): Link {
    return this.#linkOf(this.#next('a link like n1→n2'))
  }

  /**
   * `n1→n2 n1→n3`: one direction each, `n1→*` to all others. `n1 | n2 n3`: both directions between the groups,
   * `*` being all who are not named.
   */
  links(): Link[] {
    if (this.#words.length === 0) throw new CommandError('links like n1→n2, or groups like n1 | n2 n3, are missing')
    const words = this.#words.splice(0)
    if (!words.includes('|')) return words.flatMap((word) => this.#linksOf(word))
    const groups: NodeId[][] = [[]]
    for (const word of words) {
      if (word === '|') groups.push([])
      else if (word === '*') groups.at(-1)?.push(...this.#idsBeside(words))
      else groups.at(-1)?.push(this.#cluster.member(word).id)
    }
    return groups.flatMap((group) =>
      groups.filter((other) => other !== group).flatMap((other) => pairsOf(group, other)),
    )
  }

  /** Links if any are named. */
  maybeLinks(): Link[] | null {
    return this.#words.length === 0 ? null : this.links()
  }

  get isEmpty(): boolean {
    return this.#words.length === 0
  }

  /** Refuses words that nobody has taken. */
  end(): void {
    if (this.#words.length > 0) throw new CommandError(`"${this.#words.join(' ')}" is left over`)
  }

  #idsBeside(words: readonly string[]): NodeId[] {
    return this.#cluster.members.map(({ id }) => id).filter((id) => !words.includes(id))
  }

  #linksOf(word: string): Link[] {
    const ids = this.#cluster.members.map(({ id }) => id)
    const [from = '', to = ''] = word.split(arrow)
    if (from === '*') return ids.filter((id) => id !== to).map((id) => this.#linkOf(`${id}→${to}`))
    if (to === '*') return ids.filter((id) => id !== from).map((id) => this.#linkOf(`${from}→${id}`))
    return [this.#linkOf(word)]
  }

  #linkOf(word: string): Link {
    const [from, to, ...rest] = word.split(arrow)
    if (from === undefined || to === undefined || rest.length > 0) {
      throw new CommandError(`"${word}" is no link; write n1→n2`)
    }
    return { from: this.#cluster.member(from).id, to: this.#cluster.member(to).id }
  }

  #next(what: string): string {
    return this.#words.shift() ?? fail(`${what} is missing`)
  }

  #instead(): string {
    return this.#words[0] === undefined ? '' : `, "${this.#words[0]}" is none`
  }
}

function pairsOf(group: readonly NodeId[], other: readonly NodeId[]): Link[] {
  return group.flatMap((from) => other.map((to) => ({ from, to })))
}

function isNumber(word: string): boolean {
  return /^\d+$/.test(word)
}

function fail(message: string): never {
  throw new CommandError(message)
}
