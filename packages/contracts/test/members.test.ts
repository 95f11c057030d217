import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, ByteWriter, BytesError, nodeId, readMembers, sortedMembers, writeMembers } from '../src/index.js'
import type { Member, Members } from '../src/index.js'

const text = fc.string({ unit: 'binary-ascii', maxLength: 12 })
const member: fc.Arbitrary<Member> = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9._-]{1,8}$/).map(nodeId),
  address: text,
  clientAddress: fc.option(text),
  incarnation: fc.option(text),
  role: fc.constantFrom('voter', 'learner'),
})
const members = fc.uniqueArray(member, { selector: ({ id }) => id }).map(sortedMembers)

function bytesOf(all: Members): Uint8Array {
  const writer = new ByteWriter()
  writeMembers(writer, all)
  return writer.finish()
}

describe('members', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(members, (all) => {
        const reader = new ByteReader(bytesOf(all))
        expect(readMembers(reader)).toEqual(all)
        reader.end()
      }),
    )
  })

  test('D38: are sorted by code unit, not as people sort', () => {
    const ids = ['n2', 'n10', 'N3', 'a_', 'a.', 'n1'].map((id) => ({ ...at(id) }))
    expect(sortedMembers(ids).map(({ id }) => id)).toEqual(['N3', 'a.', 'a_', 'n1', 'n10', 'n2'])
  })

  test.each([
    ['unsorted', [at('n2'), at('n1')], 'not sorted'],
    ['named twice', [at('n1'), at('n1')], 'not sorted'],
  ])('that are %s are refused', (_name, all, message) => {
    expect(() => readMembers(new ByteReader(bytesOf(all)))).toThrow(message)
  })

  test('whose name is none are refused', () => {
    const bytes = bytesOf([at('n1')])
    bytes[9] = ' '.charCodeAt(0)
    expect(() => readMembers(new ByteReader(bytes))).toThrow('names no member')
  })

  test('that are damaged are refused, or are other members', () => {
    const bytes = bytesOf(sortedMembers([at('n1'), { ...at('n2'), clientAddress: 'x:1', incarnation: 'i' }]))
    for (let place = 0; place < bytes.length; place += 1) {
      for (let value = 0; value < 256; value += 1) {
        const changed = bytes.slice()
        changed[place] = value
        try {
          const reader = new ByteReader(changed)
          const read = readMembers(reader)
          reader.end()
          expect(bytesOf(read)).toEqual(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(BytesError)
        }
      }
    }
  })
})

function at(id: string): Member {
  return { id: nodeId(id), address: `${id}:1`, clientAddress: null, incarnation: null, role: 'voter' }
}
