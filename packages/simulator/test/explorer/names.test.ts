import { nodeId, seededRandom, type NodeId, type Random } from '@quorate/contracts'
import type { RaftAdmin, RaftMessage } from '@quorate/raft'
import { expect, test } from 'vitest'
import { arrangementsOf } from '../../src/explorer/arrangements.js'
import { explore } from '../../src/explorer/explore.js'
import { MemberLife, type MemberParts, type Step } from '../../src/explorer/member-life.js'
import type { Bounds, Names } from '../../src/explorer/model.js'
import { plainRaft, raftExplored } from './raft-explored.js'

const bounds: Bounds = { members: 3, timeouts: 1, epochMax: 1, proposals: 1, beats: 0, crashes: 0, duplicates: 0 }

test.each<Partial<Bounds>>([
  {},
  { duplicates: 'any', crashes: 1, proposals: 0 },
  { members: 2, timeouts: 2, epochMax: 2, crashes: 1, proposals: 0, beats: 1 },
])('as many states with names are counted as there are when each is visited: %j', (more) => {
  const reduced = explore(plainRaft, { ...bounds, ...more })
  const visited = explore(plainRaft, { ...bounds, ...more }, { isSymmetric: false })
  expect(visited.states).toBe(visited.named)
  expect(reduced.named).toBe(visited.states)
  expect(reduced.states).toBeLessThan(visited.states)
})

test('every way to take each other’s places is there once, and the first changes nothing', () => {
  const all = arrangementsOf(3)
  expect(all[0]).toEqual([0, 1, 2])
  expect(new Set(all.map((places) => places.join())).size).toBe(6)
})

type Life = MemberLife<RaftMessage, RaftAdmin>
type Do = (life: Life, parts: MemberParts, names: Names) => Step<RaftMessage>

interface Letter {
  readonly from: NodeId
  readonly to: NodeId
  readonly bytes: Uint8Array
}

test.each([false, true])(
  'members with other names do the same at every step of a walk, with pre-votes: %s',
  (preVote) => {
    const explored = raftExplored({ preVote })
    const ids = [nodeId('n1'), nodeId('n2'), nodeId('n3')]
    const namings = arrangementsOf(3).map(
      (places): Names =>
        (id) =>
          ids[places[ids.indexOf(id)] ?? 0] ?? id,
    )
    const lives = new Map<NodeId, Life>(
      ids.map((id) => [id, new MemberLife(id, ids, explored, { ...bounds, epochMax: 9 })]),
    )
    const lifeOf = (id: NodeId): Life => lives.get(id) ?? expect.fail(`nobody is called ${id}`)
    const said = ({ sent }: Step<RaftMessage>) => sent.map(({ to, bytes }) => `${to} ${bytes.join()}`).sort()
    for (let seed = 1; seed <= 10; seed += 1) {
      const random = seededRandom(seed)
      const parts = new Map<NodeId, MemberParts>(ids.map((id) => [id, lifeOf(id).begin([]).moment]))
      let letters: Letter[] = []
      for (let turn = 0; turn < 60; turn += 1) {
        const { id, act } = drawn(random, ids, letters, parts, (letter) => {
          letters = letters.filter((each) => each !== letter)
        })
        const before = parts.get(id) ?? expect.fail()
        const step = act(lifeOf(id), before, (each) => each)
        for (const names of namings) {
          const other = lifeOf(names(id))
          const renamed = act(other, lifeOf(id).renamed(before, names), names)
          expect(other.keyOf(renamed.moment), `seed ${seed}, step ${turn}`).toBe(
            other.keyOf(lifeOf(id).renamed(step.moment, names)),
          )
          const meant = step.sent.map(({ to, bytes }) => ({
            to: names(to),
            bytes: explored.renamed.message(bytes, names),
          }))
          expect(said(renamed)).toEqual(said({ ...step, sent: meant }))
        }
        parts.set(id, step.moment)
        letters.push(...step.sent.map(({ to, bytes }) => ({ from: id, to, bytes })))
      }
    }

    function drawn(
      random: Random,
      all: readonly NodeId[],
      waiting: readonly Letter[],
      moments: ReadonlyMap<NodeId, MemberParts>,
      take: (letter: Letter) => void,
    ): { id: NodeId; act: Do } {
      const id = all[random.nextInt(all.length)] ?? expect.fail()
      const letter = waiting[random.nextInt(Math.max(1, waiting.length))]
      const kind = random.nextInt(10)
      if ((moments.get(id)?.writing.length ?? 0) > 0 && kind < 5)
        return { id, act: (life, parts) => life.persist(parts) }
      if (kind === 9) return { id, act: (life, parts) => life.crash(parts) }
      if (kind === 8) return { id, act: (life, parts) => life.propose(parts, Uint8Array.of(1)) }
      if (kind === 7) return { id, act: (life, parts) => life.beat(parts) }
      if (kind === 6 || !letter) return { id, act: (life, parts) => life.timeOut(parts) }
      take(letter)
      const { from, to, bytes } = letter
      return {
        id: to,
        act: (life, parts, names) =>
          life.receive(parts, names(from), explored.module.decode(explored.renamed.message(bytes, names))),
      }
    }
  },
)
