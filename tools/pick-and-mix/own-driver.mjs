/** A driver of one's own, in forty lines: three Raft members in one process, without clock, disk or network. */
import assert from 'node:assert/strict'
import { nodeId, position, seededRandom, sequence, token } from '@quorate/contracts'
import { raft } from '@quorate/raft'

const protocol = raft()
const ids = ['n1', 'n2', 'n3'].map(nodeId)
const bootstrap = ids.map((id) => ({ id, address: id, clientAddress: null, incarnation: null, role: 'voter' }))
const start = { bootstrap, snapshot: null, tickMs: 10 }
const members = ids.map((self) => ({
  core: protocol.recover({ ...start, self, incarnation: self, random: seededRandom(self) }).finish(),
  ...{ self, leads: false, journal: [], applied: [] },
}))
const wire = []

function settle() {
  for (const member of members) while (member.core.hasReady()) carryOut(member, member.core.takeReady())
  for (const { from, to, bytes } of wire.splice(0)) {
    members.find(({ self }) => self === to).core.step({ kind: 'receive', from, message: protocol.decode(bytes) })
  }
  if (wire.length > 0 || members.some(({ core }) => core.hasReady())) settle()
}

function carryOut(member, ready) {
  const post = ({ to, message }) => wire.push({ from: member.self, to, bytes: protocol.encode(message, 0) })
  ready.messages.forEach(post)
  member.journal.push(...ready.records) // here a durable driver waits for its disk
  const last = ready.firstSequence + ready.records.length - 1
  if (ready.records.length > 0) member.core.step({ kind: 'persisted', sequence: sequence(last) })
  ready.messagesAfterPersist.forEach(post)
  for (const each of ready.committed) {
    if (each.command !== null) member.applied.push(Buffer.from(each.command).toString())
    member.core.step({ kind: 'applied', position: position(each.position) })
  }
  if (ready.leadership !== null) member.leads = ready.leadership.leader === member.self
}

function tick(times) {
  for (let left = times; left > 0; left -= 1) {
    for (const { core } of members) core.step({ kind: 'tick', missed: 0 })
    settle()
  }
}

for (let ticks = 0; ticks < 1_000 && !members.some(({ leads }) => leads); ticks += 1) tick(1)
const leader = members.find(({ leads }) => leads)
assert(leader, 'nobody was elected in 1,000 ticks')
const commands = Array.from({ length: 100 }, (_, at) => `command ${at + 1}`)
for (const [at, command] of commands.entries()) {
  leader.core.step({ kind: 'propose', token: token(at + 1), command: Buffer.from(command) })
}
tick(20)
for (const { self, applied } of members) assert.deepEqual(applied, commands, `${self} has not all of it, in order`)
console.log(`${leader.self} was elected; 3 members applied ${commands.length} commands in one order`)
