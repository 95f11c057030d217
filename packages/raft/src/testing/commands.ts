import type { Arguments } from './arguments.js'
import type { ScenarioCluster } from './cluster.js'
import { describeLog, describeState } from './describe-member.js'
import type { ScenarioMember } from './member.js'
import type { Packet } from './network.js'
import { CommandError } from './scenario-error.js'
import { fetchSnapshot, takeSnapshot } from './snapshots.js'

const runTicksMax = 1_000

/** A command of scenarios, but `cluster`, which makes what the others work on. */
export interface Command {
  readonly usage: string
  /** Only outcomes are told, unless `--full` asks for more. */
  readonly isQuiet?: true
  run(cluster: ScenarioCluster, given: Arguments): void
}

/** Every command by its name. */
export const commands: Readonly<Record<string, Command>> = {
  elect: {
    usage: 'elect n1',
    isQuiet: true,
    run(cluster, given) {
      const member = given.running()
      campaign(cluster, member)
      cluster.settle()
      if (member.core?.state.role !== 'leader') cluster.say(`${member.id} does not lead`, 'news')
    },
  },
  campaign: { usage: 'campaign n1', run: (cluster, given) => campaign(cluster, given.running()) },
  tick: {
    usage: 'tick [n1 …] 5, or tick n1 --missed 100',
    run(cluster, given) {
      const isMissed = given.flag('missed')
      const members = given.members()
      const ticks = given.number()
      if (isMissed) cluster.tick(members, ticks)
      else for (let left = ticks; left > 0; left -= 1) cluster.tick(members)
    },
  },
  run: {
    usage: 'run 30, or run until leader',
    isQuiet: true,
    run(cluster, given) {
      if (given.maybeWord('until')) {
        if (!given.maybeWord('leader')) throw new CommandError('a run ends after some ticks, or "until leader"')
        runUntilLeader(cluster)
      } else {
        runTicks(cluster, given.number())
      }
    },
  },
  settle: { usage: 'settle', run: (cluster) => cluster.settle() },
  deliver: {
    usage: 'deliver [n1→n2 [2]]',
    run(cluster, given) {
      for (const packet of packetsOf(cluster, given)) cluster.deliver(packet)
    },
  },
  drop: {
    usage: 'drop [n1→n2 [2]]',
    run(cluster, given) {
      for (const packet of packetsOf(cluster, given)) {
        cluster.network.remove(packet)
        cluster.say(`${packet.text}   lost: dropped`, 'traffic')
      }
    },
  },
  duplicate: {
    usage: 'duplicate [n1→n2 [2]]',
    run(cluster, given) {
      for (const packet of packetsOf(cluster, given)) {
        cluster.network.add({ ...packet })
        cluster.say(`${packet.text}   twice`, 'traffic')
      }
    },
  },
  network: {
    usage: 'network',
    run(cluster) {
      if (cluster.network.inFlight.length === 0) cluster.say('nothing is in flight', 'news')
      for (const packet of cluster.network.inFlight) {
        cluster.say(packet.text + (cluster.isWaiting(packet) ? '   delayed' : ''), 'news')
      }
    },
  },
  cut: {
    usage: 'cut n1 | n2 n3, or cut n1→n2, or cut n1→*',
    run: (cluster, given) => cluster.network.cut(given.links()),
  },
  delay: { usage: 'delay n1 | n2 n3, or delay n1→n2', run: (cluster, given) => cluster.network.delay(given.links()) },
  heal: {
    usage: 'heal [n1→n2]',
    run(cluster, given) {
      cluster.network.heal(given.maybeLinks() ?? everyLinkOf(cluster))
    },
  },
  propose: {
    usage: 'propose n1 "x=1" ["y=2" …]',
    run: (cluster, given) => cluster.propose(given.running(), given.texts()),
  },
  read: {
    usage: 'read n1 [2]',
    run: (cluster, given) => cluster.read(given.running(), given.maybeNumber() ?? 1),
  },
  persist: { usage: 'persist n2 [1], or persist n2 --hold', run: (_, given) => persist(given) },
  hold: {
    usage: 'hold apply n2',
    run(_, given) {
      if (!given.maybeWord('apply'))
        throw new CommandError('what can be held is the machine, "hold apply n2", and the disk, "persist n2 --hold"')
      given.running().isMachineHeld = true
    },
  },
  apply: {
    usage: 'apply n2',
    run(_, given) {
      const member = given.running()
      member.isMachineHeld = false
      member.runMachine()
    },
  },
  crash: {
    usage: 'crash n1 …',
    run(cluster, given) {
      for (const member of given.someMembers()) {
        for (const text of member.crash()) cluster.say(`${member.id} loses ${text}`, 'news')
      }
    },
  },
  restart: {
    usage: 'restart n1 …',
    run(cluster, given) {
      for (const member of given.someMembers()) {
        if (member.isUp) throw new CommandError(`${member.id} is up; crash it first`)
        member.start()
        for (const line of [describeLog(member), ...describeState(member)]) cluster.say(line, 'traffic')
      }
    },
  },
  pause: { usage: 'pause n1', run: (_, given) => void (given.running().isPaused = true) },
  resume: { usage: 'resume n1', run: (_, given) => void (given.running().isPaused = false) },
  linkdown: {
    usage: 'linkdown n1 n2 [--gone]',
    run(_, given) {
      const gone = given.flag('gone')
      given.running().step({ kind: 'linkDown', peer: given.member().id, gone })
    },
  },
  linkup: {
    usage: 'linkup n1 n2',
    run: (_, given) => given.running().step({ kind: 'linkUp', peer: given.member().id, connection: 1 }),
  },
  dropped: {
    usage: 'dropped n1 n2 [control]',
    run(_, given) {
      const member = given.running()
      const peer = given.member().id
      member.step({ kind: 'dropped', peer, channel: given.maybeWord('control') ? 'control' : 'log' })
    },
  },
  transfer: {
    usage: 'transfer n1 [n2]',
    run(cluster, given) {
      const member = given.running()
      const to = given.isEmpty ? null : given.member().id
      member.step({ kind: 'transfer', token: cluster.ask(to === null ? 'transfer' : `transfer to ${to}`, null), to })
    },
  },
  snapshot: { usage: 'snapshot n1', run: (cluster, given) => takeSnapshot(cluster, given.running()) },
  fetch: {
    usage: 'fetch n3 [--fail]',
    run(cluster, given) {
      const isToFail = given.flag('fail')
      fetchSnapshot(cluster, given.running(), isToFail)
    },
  },
  log: {
    usage: 'log [n1 …]',
    run(cluster, given) {
      for (const member of given.members()) cluster.say(describeLog(member), 'news')
    },
  },
  state: {
    usage: 'state [n1 …]',
    run(cluster, given) {
      for (const member of given.members()) for (const line of describeState(member)) cluster.say(line, 'news')
    },
  },
}

function campaign(cluster: ScenarioCluster, member: ScenarioMember): void {
  member.step({ kind: 'admin', token: cluster.ask('campaign', null), command: { kind: 'campaign' } })
}

function runTicks(cluster: ScenarioCluster, ticks: number): void {
  for (let left = ticks; left > 0; left -= 1) {
    for (const member of cluster.members) {
      cluster.tick([member])
      cluster.settle()
    }
  }
}

function runUntilLeader(cluster: ScenarioCluster): void {
  const before = cluster.offices
  for (let ticks = 1; ticks <= runTicksMax; ticks += 1) {
    runTicks(cluster, 1)
    if (cluster.offices > before) {
      cluster.say(`after ${ticks} ticks`, 'news')
      return
    }
  }
  cluster.say(`nobody takes office in ${runTicksMax} ticks`, 'news')
}

/** What is in flight: all, or what is on a link, or the packet of this number on it. Paused members are left out. */
function packetsOf(cluster: ScenarioCluster, given: Arguments): readonly Packet[] {
  if (given.isEmpty) return cluster.network.inFlight.filter((packet) => !cluster.isWaiting(packet))
  const link = given.link()
  const packets = cluster.network.on(link)
  const number = given.maybeNumber()
  if (number === null) {
    if (packets.length === 0) throw new CommandError(`nothing is in flight on ${link.from}→${link.to}`)
    return packets
  }
  const packet = packets[number - 1]
  if (!packet)
    throw new CommandError(
      `${packets.length} messages are in flight on ${link.from}→${link.to}, so there is no ${number}`,
    )
  return [packet]
}

function everyLinkOf({ members }: ScenarioCluster) {
  return members.flatMap(({ id: from }) => members.map(({ id: to }) => ({ from, to })))
}

function persist(given: Arguments): void {
  const isHold = given.flag('hold')
  const member = given.running()
  if (isHold) {
    member.isDiskHeld = true
    return
  }
  const writes = given.maybeNumber()
  if (writes === null) member.isDiskHeld = false
  member.persist(writes ?? Infinity)
}
