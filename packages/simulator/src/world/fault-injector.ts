import { nodeId, seededRandom, type MachineModule } from '@quorate/contracts'
import type { Member } from '../member/member.js'
import { Dice } from '../plan/dice.js'
import type { Fault, Target } from '../plan/fault.js'
import type { Trace } from '../trace.js'
import type { Atlas } from './atlas.js'
import { OldCopies } from './old-copies.js'
import { Replacement, type ReplacementParts } from './replacement.js'

/** Ten of the usual shortest election timeouts (F-28). */
const longPauseMs = 1_500

/** What an injector works on. */
export interface InjectorParts<Machine extends MachineModule> extends ReplacementParts<Machine> {
  readonly atlas: Atlas
  readonly trace: Trace
}

/** Does to a cluster what a plan says, when it says so, and takes it back in the end. */
export class FaultInjector<Machine extends MachineModule> {
  readonly #parts: InjectorParts<Machine>
  readonly #copies: OldCopies<Machine>
  readonly #replacement: Replacement<Machine>
  #isOver = false

  constructor(parts: InjectorParts<Machine>) {
    this.#parts = parts
    this.#copies = new OldCopies({ ...parts, later: (ms, run) => this.#later(ms, run) })
    this.#replacement = new Replacement(parts)
  }

  schedule(faults: readonly Fault[]): void {
    for (const fault of faults) {
      this.#parts.environment.setTimer(fault.atMs, () => {
        if (!this.#isOver) this.#inject(fault)
      })
    }
  }

  /**
   * The bad days are over: the network is whole, nobody is paused, disks have room, and whoever can run does. Strangers are
   * taken away: they would keep callers waiting for a leader that they never have.
   */
  heal(): void {
    this.#isOver = true
    const { cluster } = this.#parts
    cluster.calm()
    for (const member of cluster.members) {
      if (member.isStranger) cluster.takeAway(member)
      member.disk.relieve()
      member.clock.drift(1)
      member.life?.process.resume()
      if (cluster.isUpgraded) this.#finishUpgrade(member)
      cluster.start(member)
    }
  }

  /** Whoever has the first code gets the later one. */
  #finishUpgrade(member: Member<Machine>): void {
    if (member.code === 'later') return
    member.code = 'later'
    this.#parts.cluster.end(member, 'kill')
  }

  #inject(fault: Fault): void {
    const member = 'who' in fault ? this.#memberOf(fault.who) : null
    if ('who' in fault && member === null) return
    this.#note(fault, member)
    switch (fault.kind) {
      case 'crash':
        if (member) this.#crash(member, fault.how, fault.forMs)
        return
      case 'upgrade':
        if (member) this.#upgrade(member, fault)
        return
      case 'crashAll':
        for (const each of this.#parts.cluster.members) this.#crash(each, fault.how, fault.forMs)
        return
      case 'mortalLeaders':
        return this.#killLeaders(fault)
      case 'hermitLeaders':
        return this.#isolateAndKillLeaders(fault)
      case 'secludedLeaders':
        return this.#secludeLeaders(fault)
      case 'returningLeader':
        if (member) this.#sendAwayAndBack(fault, member)
        return
      case 'partition':
      case 'isolate':
      case 'slowLink':
      case 'slowMember':
        return this.#onNetwork(fault, member)
      case 'pause':
      case 'drift':
      case 'wallJump':
        if (member) this.#onTime(fault, member)
        return
      case 'stallSync':
      case 'diskFull':
      case 'trap':
      case 'rot':
        if (member) this.#onDisk(fault, member)
        return
      case 'newDisk':
        if (member) this.#replaceDisk(member, fault.forMs)
        return
      case 'oldCopy':
        if (member) this.#copies.begin(member, fault)
        return
      case 'replaceCluster':
        return this.#replacement.begin(fault)
      case 'transfer':
        return this.#transfer(fault.to)
    }
  }

  #memberOf(who: Target): Member<Machine> | null {
    const { cluster } = this.#parts
    return who === 'leader' ? cluster.leader : (cluster.members[who] ?? null)
  }

  #note(fault: Fault, member: Member<Machine> | null): void {
    const { trace, counters, cluster } = this.#parts
    const isLeader = member !== null && member === cluster.leader
    const how = howOf(fault)
    if (isLeader && fault.kind === 'pause' && fault.forMs >= longPauseMs) counters.add('a leader is paused for long')
    counters.add(`${fault.kind}${how}${isLeader ? ' of a leader' : ''}`)
    trace.add(`fault ${fault.kind}`, member?.id ?? null, [], () => ({ ...fault }))
  }

  #later(ms: number, run: () => void): void {
    this.#parts.environment.setTimer(ms, () => {
      if (!this.#isOver) run()
    })
  }

  #crash(member: Member<Machine>, how: 'kill' | 'powerCut', forMs: number): void {
    const { cluster } = this.#parts
    if (member.life === null) return
    cluster.end(member, how)
    this.#later(forMs, () => cluster.start(member))
  }

  #upgrade(member: Member<Machine>, { code, how, forMs }: Extract<Fault, { kind: 'upgrade' }>): void {
    if (member.code === code) return
    member.code = code
    this.#parts.counters.add(code === 'later' ? 'a member gets later code' : 'a member goes back to its first code')
    this.#crash(member, how, forMs)
  }

  #killLeaders({ atMs, livesMs, downMs, forMs }: Extract<Fault, { kind: 'mortalLeaders' }>): void {
    const { cluster } = this.#parts
    const dice = new Dice(seededRandom(`mortal leaders ${atMs}`))
    const end = cluster.onLeader((member) => this.#killSoon(member, dice, livesMs, downMs))
    this.#later(forMs, end)
  }

  #isolateAndKillLeaders(fault: Extract<Fault, { kind: 'hermitLeaders' }>): void {
    const { atMs, reachMax, livesMs, downMs, forMs } = fault
    const { cluster } = this.#parts
    const dice = new Dice(seededRandom(`hermit leaders ${atMs}`))
    const leave = (member: Member<Machine>): void => {
      if (this.#isOver) return
      this.#cut(this.#mostWaysFrom(member, dice, dice.between(0, reachMax)), livesMs)
      this.#killSoon(member, dice, livesMs, downMs)
    }
    if (cluster.leader) leave(cluster.leader)
    this.#later(forMs, cluster.onLeader(leave))
  }

  #secludeLeaders({ atMs, reach, forLeaderMs, forMs }: Extract<Fault, { kind: 'secludedLeaders' }>): void {
    const { cluster } = this.#parts
    const dice = new Dice(seededRandom(`secluded leaders ${atMs}`))
    const seclude = (member: Member<Machine>): void => {
      if (!this.#isOver) this.#cut(this.#mostWaysFrom(member, dice, reach), forLeaderMs)
    }
    if (cluster.leader) seclude(cluster.leader)
    this.#later(forMs, cluster.onLeader(seclude))
  }

  /** The ways from a member to the others, but to so many of them. */
  #mostWaysFrom(member: Member<Machine>, dice: Dice, reach: number): Way[] {
    const ways = pairsOf(this.#parts.cluster.ids, member.id, 'out')
    for (let left = Math.min(reach, ways.length); left > 0; left -= 1) {
      ways.splice(dice.random.nextInt(ways.length), 1)
    }
    return ways
  }

  #sendAwayAndBack(fault: Extract<Fault, { kind: 'returningLeader' }>, member: Member<Machine>): void {
    const { latencyMs, awayMs, confidant } = fault
    const { cluster } = this.#parts
    const others = pairsOf(cluster.ids, member.id, 'out')
    const [[, friend] = ['', '']] = others.splice((confidant - 1) % others.length, 1)
    this.#slow([[friend, member.id]], { latencyMs, forMs: awayMs })
    this.#cut(others, awayMs)
    this.#later(awayMs, () => this.#transfer(cluster.members.indexOf(member)))
  }

  #killSoon(member: Member<Machine>, dice: Dice, livesMs: number, downMs: number): void {
    const { life } = member
    this.#later(dice.random.nextInt(livesMs), () => {
      if (member.life !== life || life === null) return
      this.#parts.counters.add('a leader dies young')
      this.#crash(member, dice.pick(['kill', 'powerCut']), dice.random.nextInt(downMs))
    })
  }

  #onNetwork(
    fault: Extract<Fault, { kind: 'partition' | 'isolate' | 'slowLink' | 'slowMember' }>,
    member: Member<Machine> | null,
  ): void {
    const { ids } = this.#parts.cluster
    switch (fault.kind) {
      case 'slowLink':
        return this.#slow([[ids[fault.from] ?? '', ids[fault.to] ?? '']], fault)
      case 'slowMember':
        return this.#slow(pairsOf(ids, member?.id ?? '', fault.way), fault)
      case 'partition':
        return this.#cut(pairsAcross(ids, fault.side), fault.forMs)
      case 'isolate':
        return this.#cut(pairsOf(ids, member?.id ?? '', fault.way), fault.forMs)
    }
  }

  #slow(ways: readonly Way[], { latencyMs, forMs }: { readonly latencyMs: number; readonly forMs: number }): void {
    const { hub } = this.#parts.cluster
    for (const [from, to] of ways) hub.setLinkFaults(from, to, { latencyMs: { min: latencyMs / 2, max: latencyMs } })
    this.#later(forMs, () => {
      for (const [from, to] of ways) hub.setLinkFaults(from, to, null)
    })
  }

  #cut(ways: readonly Way[], forMs: number): void {
    const { cluster } = this.#parts
    for (const [from, to] of ways) cluster.cut(from, to)
    this.#later(forMs, () => {
      for (const [from, to] of ways) cluster.mend(from, to)
    })
  }

  #onTime(fault: Extract<Fault, { kind: 'pause' | 'drift' | 'wallJump' }>, member: Member<Machine>): void {
    if (fault.kind === 'wallJump') return member.clock.jump(fault.byMs)
    if (fault.kind === 'drift') {
      member.clock.drift(fault.rate)
      this.#later(fault.forMs, () => member.clock.drift(1))
      return
    }
    const process = member.life?.process
    if (!process || process.isPaused) return
    const { trace } = this.#parts
    trace.add('pause', member.id, [])
    process.pause()
    this.#later(fault.forMs, () => {
      if (process.isPaused) trace.add('resume', member.id, [])
      process.resume()
    })
  }

  #onDisk(fault: Extract<Fault, { kind: 'stallSync' | 'diskFull' | 'trap' | 'rot' }>, member: Member<Machine>): void {
    const { disk } = member
    switch (fault.kind) {
      case 'stallSync':
        return disk.stall(fault.forMs)
      case 'diskFull':
        disk.fill(fault.freeBytes)
        this.#later(fault.forMs, () => disk.empty())
        return
      case 'rot':
        if (this.#parts.atlas.mayDamage(member.id)) this.#rot(fault.file, fault.bit, member)
        return
      case 'trap': {
        const { operation, passes, does } = fault
        disk.set({ operation, passes, spring: () => this.#spring(fault, member, does) })
      }
    }
  }

  #spring(fault: Extract<Fault, { kind: 'trap' }>, member: Member<Machine>, does: typeof fault.does): string | null {
    const { counters, trace } = this.#parts
    if (this.#isOver) return null
    counters.add(`trap sprung: ${does} at ${fault.operation}`)
    trace.add('trap', member.id, [], () => ({ does, operation: fault.operation }))
    if (does === 'EIO' || does === 'ENOSPC') {
      return member.disk.failWith(does)
    }
    this.#crash(member, does, fault.forMs)
    return null
  }

  #rot(family: 'journal' | 'snapshot', bit: number, member: Member<Machine>): void {
    const where = member.disk.rot(family, bit)
    if (where === null) return
    const { atlas, counters, trace } = this.#parts
    counters.add(`rot in a ${family}`)
    trace.add('rot', member.id, [], () => where)
    atlas.damage(member.id, where)
  }

  #replaceDisk(member: Member<Machine>, forMs: number): void {
    const { atlas, cluster, counters } = this.#parts
    const isMember = member.lostBecause === null && !member.isStranger
    if (!isMember || !atlas.mayDamage(member.id) || !cluster.isKnown(member)) return
    counters.add('a disk is replaced by an empty one')
    atlas.damage(member.id, 'its disk was replaced')
    cluster.replaceDisk(member)
    this.#later(forMs, () => cluster.start(member))
  }

  #transfer(to: number | null): void {
    const { cluster, counters } = this.#parts
    const target = to === null ? undefined : cluster.members[to]
    const { leader } = cluster
    if (!leader) return
    const end = cluster.onLeader((member) => {
      if (member !== leader && member !== target) counters.add('a transfer races an election')
    })
    void leader
      .ask((replica) => replica.transferLeadership(target && nodeId(target.id), { timeoutMs: 1_000 }))
      .then(
        () => counters.add('leadership is handed over'),
        () => counters.add('a transfer ends without'),
      )
      .finally(end)
  }
}

/** What of a fault tells it from others of its kind. */
function howOf(fault: Fault): string {
  switch (fault.kind) {
    case 'crash':
    case 'crashAll':
      return ` (${fault.how})`
    case 'isolate':
    case 'slowMember':
      return ` ${fault.way}`
    case 'trap':
      return ` (${fault.does} at ${fault.operation})`
    default:
      return ''
  }
}

type Way = readonly [from: string, to: string]

function pairsAcross(ids: readonly string[], side: number): Way[] {
  const isInside = (at: number): boolean => (side & (1 << at)) !== 0
  return ids.flatMap((from, a) => ids.flatMap((to, b) => (isInside(a) === isInside(b) ? [] : [[from, to] as const])))
}

function pairsOf(ids: readonly string[], id: string, way: 'in' | 'out' | 'both'): Way[] {
  return ids
    .filter((other) => other !== id)
    .flatMap((other) => [
      ...(way === 'in' ? [] : [[id, other] as const]),
      ...(way === 'out' ? [] : [[other, id] as const]),
    ])
}
