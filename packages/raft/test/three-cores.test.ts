import { nodeId, seededRandom, sequence, sortedMembers, token, type NodeId, type Protocol } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { raft, type RaftAdmin, type RaftMessage } from '../src/index.js'

const ids = ['n1', 'n2', 'n3'].map(nodeId)
const members = sortedMembers(
  ids.map((id) => ({ id, address: `${id}:1`, clientAddress: null, incarnation: null, role: 'voter' as const })),
)

test('three cores elect a leader, replicate, commit and answer a read', () => {
  const cores = new Map<NodeId, Protocol<RaftMessage, RaftAdmin>>(
    ids.map((self) => [
      self,
      raft()
        .recover({ self, incarnation: 'i', bootstrap: members, snapshot: null, random: seededRandom(self), tickMs: 10 })
        .finish(),
    ]),
  )
  const committed = new Map<NodeId, string[]>(ids.map((id) => [id, []]))
  const reads: number[] = []
  const settle = (): void => {
    for (let isQuiet = false; !isQuiet;) {
      isQuiet = true
      for (const [id, core] of cores) {
        while (core.hasReady()) {
          isQuiet = false
          const ready = core.takeReady()
          for (const entry of ready.committed)
            committed.get(id)?.push(entry.command === null ? '-' : String(entry.command))
          reads.push(...ready.reads.map((read) => read.position))
          if (ready.records.length > 0) {
            core.step({ kind: 'persisted', sequence: sequence(ready.firstSequence + ready.records.length - 1) })
          }
          for (const out of [...ready.messages, ...ready.messagesAfterPersist]) {
            const message = raft().decode(raft().encode(out.message, 1).subarray(1))
            cores.get(out.to)?.step({ kind: 'receive', from: id, message })
          }
        }
      }
    }
  }
  settle()
  for (let tick = 0; tick < 40; tick += 1) {
    for (const core of cores.values()) core.step({ kind: 'tick', missed: 0 })
    settle()
  }
  const leader = [...cores.values()].find((core) => JSON.stringify(core.describe()).includes('"role":"leader"'))
  expect(leader).toBeDefined()
  for (let at = 1; at <= 10; at += 1) leader?.step({ kind: 'propose', token: token(at), command: Uint8Array.of(at) })
  leader?.step({ kind: 'readBarrier', token: token(99) })
  settle()
  for (const id of ids)
    expect(committed.get(id)).toEqual(['-', ...Array.from({ length: 10 }, (_, at) => String(at + 1))])
  expect(reads).toHaveLength(1)
})
