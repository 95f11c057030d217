import { z } from 'zod'
import { VectorMember, type Sent, type VectorEntry } from './member.js'
import { differs, passed, type Verdict } from './verdict.js'

const operation = z.discriminatedUnion('type', [
  z.object({ type: z.literal('campaign'), node: z.int() }),
  z.object({ type: z.literal('propose'), node: z.int(), data: z.string() }),
  z.object({ type: z.literal('partition'), groups: z.array(z.array(z.int())) }),
  z.object({ type: z.literal('cut'), links: z.array(z.tuple([z.int(), z.int()])) }),
  z.object({ type: z.literal('crash'), node: z.int() }),
  z.object({ type: z.literal('restart'), node: z.int() }),
  z.object({ type: z.literal('transfer'), node: z.int(), to: z.int() }),
  z.object({ type: z.literal('compact'), node: z.int() }),
])

export const clusterScheduleSchema = z.object({
  id: z.string(),
  n: z.int(),
  steps: z.array(
    z.object({
      op: operation,
      logs: z.array(z.string()),
      nodes: z.array(z.tuple([z.int(), z.int(), z.int(), z.int(), z.int().nullable(), z.int()])),
    }),
  ),
})

type Schedule = z.output<typeof clusterScheduleSchema>
type Operation = z.output<typeof operation>

/** Plays a whole cluster's schedule, and compares every member after every operation. */
export function playSchedule(schedule: Schedule): Verdict {
  const cluster = new VectorCluster(schedule.n)
  for (const [step, { op, logs, nodes }] of schedule.steps.entries()) {
    cluster.carryOut(op)
    cluster.settle()
    for (const [at, [isUp, term, votedFor, isLeader, commit, log]] of nodes.entries()) {
      const expected = [isUp, term, votedFor, isLeader, commit, logs[log] ?? '']
      const got = cluster.look(at + 1, commit === null)
      const verdict = differs(schedule.id, step, { member: at + 1, is: expected }, { member: at + 1, is: got })
      if (verdict) return verdict
    }
  }
  return passed
}

class VectorCluster {
  readonly #members: VectorMember[]
  readonly #down = new Set<number>()
  readonly #cut = new Set<string>()

  constructor(size: number) {
    const prefixes = new Map<number, VectorEntry[]>()
    this.#members = Array.from({ length: size }, (_, at) => new VectorMember(at + 1, size, [], prefixes))
  }

  carryOut(op: Operation): void {
    switch (op.type) {
      case 'campaign':
        if (!this.#down.has(op.node)) this.#member(op.node).campaign()
        return
      case 'propose':
        if (!this.#down.has(op.node)) this.#member(op.node).propose(op.data)
        return
      case 'crash':
        this.#down.add(op.node)
        return
      case 'restart':
        if (this.#down.delete(op.node)) this.#member(op.node).restart()
        return
      case 'partition':
        this.#partition(op.groups)
        return
      case 'cut':
        for (const [from, to] of op.links) this.#cut.add(`${from}>${to}`)
        return
      case 'transfer':
        if (!this.#down.has(op.node)) this.#member(op.node).transfer(op.to)
        return
      case 'compact':
        if (!this.#down.has(op.node)) this.#member(op.node).compact()
    }
  }

  /** Delivers until nothing is left, then four rounds of heartbeats. */
  settle(): void {
    this.#deliver()
    for (let round = 0; round < 4; round += 1) {
      for (const member of this.#up()) if (isLeader(member)) member.core.step({ kind: 'tick', missed: 0 })
      this.#deliver()
    }
  }

  look(number: number, withoutCommit: boolean): unknown[] {
    const member = this.#member(number)
    const { hardState, commitIndex } = member.core.state
    const isUp = !this.#down.has(number)
    const votedFor = hardState.votedFor === null ? 0 : Number(hardState.votedFor.slice(1))
    const log = member.log.map(([term, data]) => `${term}:${data}`).join(' ')
    const leads = isUp && isLeader(member) ? 1 : 0
    return [isUp ? 1 : 0, hardState.currentTerm, votedFor, leads, withoutCommit ? null : commitIndex, log]
  }

  #deliver(): void {
    const queue: Sent[] = this.#up().flatMap((member) => member.takeSent())
    for (let at = 0; at < queue.length; at += 1) {
      const sent = queue[at]
      if (!sent || this.#down.has(sent.to) || this.#cut.has(`${sent.from}>${sent.to}`)) continue
      const receiver = this.#member(sent.to)
      receiver.receive(sent.from, sent.message)
      queue.push(...receiver.takeSent())
    }
  }

  #partition(groups: readonly (readonly number[])[]): void {
    this.#cut.clear()
    const groupOf = (number: number): number => groups.findIndex((group) => group.includes(number))
    const numbers = this.#members.map((_, at) => at + 1)
    for (const from of numbers) {
      for (const to of numbers) {
        if (groupOf(from) === -1 || groupOf(from) !== groupOf(to)) this.#cut.add(`${from}>${to}`)
      }
    }
  }

  #up(): VectorMember[] {
    return this.#members.filter((_, at) => !this.#down.has(at + 1))
  }

  #member(number: number): VectorMember {
    const member = this.#members[number - 1]
    if (!member) throw new TypeError(`there is no member ${number}`)
    return member
  }
}

function isLeader(member: VectorMember): boolean {
  return member.core.state.role === 'leader'
}
