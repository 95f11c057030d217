import {
  nodeId,
  token as tokenOf,
  type Input,
  type Members,
  type NodeId,
  type Outgoing,
  type ReadAnswer,
  type Settled,
  type Token,
} from '@quorate/contracts'
import type { RaftOptions } from '../config.js'
import type { RaftAdmin, RaftMessage } from '../message.js'
import { raft } from '../raft-module.js'
import { ClusterInvariants } from './invariants.js'
import { ScenarioMember, type Loudness, type Surroundings } from './member.js'
import { Network, type Link, type Packet } from './network.js'
import { CommandError } from './scenario-error.js'
import { bytesOfText, describeMessage, quote } from './wording.js'

const settleDeliveriesMax = 20_000

interface Question {
  readonly name: string
  /** The command that was proposed; null for anything else. */
  readonly command: string | null
  /** What was committed when it was asked. */
  readonly asked: number
}

/** The cluster of one scenario: members, the network between them, and a transcript of what they do. */
export class ScenarioCluster implements Surroundings {
  readonly founders: Members
  readonly seed: string
  readonly members: readonly ScenarioMember[]
  readonly network = new Network()
  readonly #invariants = new ClusterInvariants((problem) => this.say(`INVARIANT BROKEN: ${problem}`, 'news'))
  readonly #questions = new Map<number, Question>()
  #reads = 0
  #lines: string[] = []
  #isQuiet = true
  /** How often somebody took office. */
  offices = 0

  constructor(founders: Members, optionsOf: (id: NodeId) => RaftOptions, seed: string) {
    this.founders = founders
    this.seed = seed
    this.members = founders.map(({ id }) => new ScenarioMember(id, raft(optionsOf(id)), this))
    for (const member of this.members) member.start()
  }

  /** What happened while `run` ran. Without traffic if it is to be quiet. */
  record(isQuiet: boolean, run: () => void): string[] {
    this.#lines = []
    this.#isQuiet = isQuiet
    run()
    return this.#lines
  }

  say(line: string, loudness: Loudness): void {
    if (loudness === 'news' || !this.#isQuiet) this.#lines.push(line)
  }

  member(name: string): ScenarioMember {
    const found = this.members.find(({ id }) => id === name)
    if (found) return found
    throw new CommandError(`there is no member "${name}"; there are ${this.members.map(({ id }) => id).join(' ')}`)
  }

  send(from: NodeId, { to, message }: Outgoing<RaftMessage>): void {
    const packet = { from, to, message, text: `${from}→${to} ${describeMessage(message)}` }
    if (message.kind === 'requestVoteReply' && message.voteGranted) this.#invariants.checkVote(from, message.term, to)
    const reason = this.#lossOf(packet)
    if (reason === null) this.network.add(packet)
    const fate = reason !== null ? `   lost: ${reason}` : this.network.isDelayed(packet) ? '   delayed' : ''
    this.say(packet.text + fate, 'traffic')
  }

  /** The message arrives, unless it is lost now. */
  deliver(packet: Packet): void {
    this.network.remove(packet)
    const reason = this.#lossOf(packet)
    if (reason !== null) {
      this.say(`${packet.text}   lost: ${reason}`, 'traffic')
      return
    }
    this.member(packet.to).receive(packet.from, packet.message)
  }

  /** Delivers until nothing is in flight but what waits on delayed links and for paused members. */
  settle(): void {
    for (let deliveries = 0; ; deliveries += 1) {
      const next = this.network.inFlight.find((packet) => !this.isWaiting(packet))
      if (!next) return
      if (deliveries === settleDeliveriesMax) throw new CommandError('this cluster never comes to rest')
      this.deliver(next)
    }
  }

  /** True while a message stays in flight until somebody delivers it by name. */
  isWaiting(packet: Packet): boolean {
    return this.network.isDelayed(packet) || this.member(packet.to).isPaused
  }

  tick(members: readonly ScenarioMember[], missed = 0): void {
    for (const member of members) if (member.isUp && !member.isPaused) member.step({ kind: 'tick', missed })
  }

  propose(member: ScenarioMember, commands: readonly string[]): void {
    const inputs = commands.map((command): Input<RaftMessage, RaftAdmin> => {
      this.#invariants.onProposed(command)
      const token = this.ask(quote(command), command)
      return { kind: 'propose', token, command: bytesOfText(command) }
    })
    member.step(...inputs)
  }

  read(member: ScenarioMember, count: number): void {
    const inputs = Array.from({ length: count }, (): Input<RaftMessage, RaftAdmin> => {
      return { kind: 'readBarrier', token: this.ask(`read ${(this.#reads += 1)}`, null) }
    })
    member.step(...inputs)
  }

  /** A token for a question of this name. */
  ask(name: string, command: string | null): Token {
    const token = tokenOf(this.#questions.size + 1)
    this.#questions.set(token, { name, command, asked: this.#invariants.maxCommit })
    return token
  }

  nameOf(token: Token): string {
    return this.#questions.get(token)?.name ?? `token ${token}`
  }

  onStepped({ id, core }: ScenarioMember): void {
    if (!core) return
    this.#invariants.check(id, core.state, (holder, index, term) => this.#isDurable(holder, index, term))
  }

  onApplied({ id }: ScenarioMember, at: number, content: string | null): void {
    this.#invariants.checkApplied(id, at, content)
  }

  onRead({ id }: ScenarioMember, { token, position }: ReadAnswer): void {
    const name = this.nameOf(token)
    this.say(`${id} answers ${name}: from ${position}`, 'news')
    this.#invariants.checkRead(id, name, position, this.#questions.get(token)?.asked ?? 0)
  }

  onSettled({ id }: ScenarioMember, token: Token, result: Settled): void {
    const { name, command } = this.#questions.get(token) ?? { name: `token ${token}`, command: null }
    if (name !== 'campaign' || result.kind !== 'done')
      this.say(`${id} answers ${name}: ${describeResult(result)}`, 'news')
    if (command !== null && (result.kind === 'refused' || result.kind === 'overwritten')) {
      this.#invariants.onNotDone(command)
    }
  }

  onOffice(): void {
    this.offices += 1
  }

  #isDurable(id: NodeId, index: number, term: number): boolean {
    return this.members.find((member) => member.id === id)?.disk.holds(index, term) ?? false
  }

  #lossOf(link: Link): string | null {
    if (this.network.isCut(link)) return 'cut'
    return this.members.some(({ id, isUp }) => id === link.to && isUp) ? null : `${link.to} is down`
  }
}

/** A member's name, or a clear refusal. */
export function checkedId(name: string): NodeId {
  try {
    return nodeId(name)
  } catch {
    throw new CommandError(`"${name}" cannot name a member: letters, digits, and . _ - are allowed`)
  }
}

function describeResult(result: Settled): string {
  switch (result.kind) {
    case 'done':
      return result.position === null ? 'done' : `done at ${result.position}`
    case 'refused': {
      const hint = result.leader === null ? '' : `, ${result.leader} leads`
      return `refused, ${result.reason} (${result.detail}${hint})`
    }
    case 'overwritten':
      return 'overwritten, it did not happen'
    case 'unknown':
      return 'unknown, it may have happened'
  }
}
