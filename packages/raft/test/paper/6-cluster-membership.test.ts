import { token } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { Cores } from '../cores.js'

test('departs from §6: this version does not change members, and says so by name', () => {
  const cores = new Cores('n1 n2 n3')
  cores.elect('n1')
  const n1 = cores.core('n1')
  const before = n1.raft.exportState()
  n1.step({ kind: 'changeMembers', token: token(501), members: [], ifVersion: null })
  n1.step({ kind: 'bind', peer: cores.core('n2').id, incarnation: 'i', address: 'n2:1' })
  cores.settle()
  expect(n1.settled.get(501)).toMatchObject({ kind: 'refused', reason: 'unsupported', leader: 'n1' })
  expect(n1.raft.exportState()).toEqual(before)
})
