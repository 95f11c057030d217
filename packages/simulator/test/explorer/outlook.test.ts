import type { RaftMessage } from '@quorate/raft'
import { expect, test } from 'vitest'
import { explore } from '../../src/explorer/explore.js'
import { Explorer, stateWordsMax } from '../../src/explorer/explorer.js'
import { historyKey } from '../../src/explorer/claims.js'
import { keyOf } from '../../src/explorer/interned.js'
import type { Bounds, Explored, Outlook } from '../../src/explorer/model.js'
import { plainRaft, raftExplored } from './raft-explored.js'

const bounds: Bounds = { members: 3, timeouts: 1, epochMax: 1, proposals: 0, beats: 0, crashes: 1, duplicates: 0 }

/** Raft, of which somebody believes this about the future. */
function believing<Message, Admin>(
  explored: Explored<Message, Admin>,
  belief: Partial<Outlook<Message>>,
): Explored<Message, Admin> {
  return { ...explored, outlookOf: (...given) => ({ ...explored.outlookOf(...given), ...belief }) }
}

const nothingIsCertain = { isSpent: () => false, isMute: () => false, isIndifferent: () => false }

/** Everything that members come to be together, and what is true for ever then: whatever is on its way to them. */
function situations<Message, Admin>(explored: Explored<Message, Admin>, within: Bounds): Set<string> {
  const explorer = new Explorer(explored, within, false)
  const { catalogue } = explorer
  const seen = new Set<string>()
  const found = new Set<string>()
  const rows = [explorer.first]
  const next = new Int32Array(stateWordsMax)
  for (let row = rows.pop(); row; row = rows.pop()) {
    const members = [...row.subarray(0, within.members)].map((id) => {
      const { state, writing } = catalogue.moment(id)
      return [keyOf(state), ...writing.flatMap(({ records }) => records.map(keyOf))].join('/')
    })
    found.add([...members, historyKey(catalogue.history(row[within.members] ?? 0))].join('//'))
    explorer.load(row, row.length)
    for (const move of explorer.moves()) {
      if (!explorer.try(move)) continue
      const key = `${explorer.low} ${explorer.high}`
      if (seen.has(key)) continue
      seen.add(key)
      rows.push(next.slice(0, explorer.write(next)))
    }
  }
  return found
}

test.each<[Partial<Bounds>, boolean]>([
  [{}, false],
  [{}, true],
  [{ members: 2, proposals: 1, beats: 1, duplicates: 'any' }, false],
  [{ members: 2, timeouts: 2, epochMax: 2, beats: 1 }, false],
])('members come to be the same, whether what is vain is left out or not: %j, with pre-votes: %s', (more, preVote) => {
  const raft = raftExplored({ preVote })
  const reduced = situations(raft, { ...bounds, ...more })
  const whole = situations(believing(raft, nothingIsCertain), { ...bounds, ...more })
  expect(reduced.size).toBe(whole.size)
  expect([...reduced].every((each) => whole.has(each))).toBe(true)
})

test.each<[string, Partial<Outlook<RaftMessage>>, RegExp]>([
  ['spent', { isSpent: () => true }, /it is spent, and something comes of it/],
  ['mute', { isMute: () => true }, /it is mute, and something comes of it/],
  ['indifferent', { isIndifferent: () => true }, /it is indifferent to an answer, and it is not/],
  [
    'spent for a while',
    { isSpent: (_, { kind }) => kind === 'requestVoteReply' },
    /something comes of it|does not stay/,
  ],
])('what is wrongly believed to be %s is found out', (_, belief, message) => {
  expect(() => explore(believing(plainRaft, belief), bounds)).toThrow(message)
})
