import { record as recordText } from '../places.js'
import type { Member } from './member.js'

/** One thing that a storage does, from a place that was left in order. */
export interface Scenario {
  readonly name: string
  /** Before it: nothing here is cut short. */
  prepare(member: Member): Promise<void>
  /** What is cut short after each of its operations. */
  act(member: Member): Promise<void>
}

/**
 * The power is cut within each of these, and within the recovery from that, and within the recovery from that. `shape`: the
 * same things done with longer records, so that everything lies elsewhere.
 */
export function scenariosOf(shape: number): readonly Scenario[] {
  const record = (number: number, length: number): string => recordText(number, length + 40 * shape)
  const someHistory = async (member: Member): Promise<void> => {
    await member.saveIdentity('who I am')
    await member.append(record(1, 60), record(2, 60))
    await member.append(record(3, 100))
  }
  return [
    {
      name: 'first open',
      prepare: () => Promise.resolve(),
      async act(member) {
        await member.append('first')
      },
    },
    {
      name: 'append',
      prepare: someHistory,
      async act(member) {
        await member.append('four')
        await Promise.all([member.append('five', 'six'), member.append('seven'), member.append('eight', 'nine')])
        await member.append(record(10, 80))
      },
    },
    {
      name: 'mark',
      prepare: someHistory,
      async act(member) {
        await member.append('four')
        await member.close()
      },
    },
    {
      name: 'rotate',
      prepare: someHistory,
      async act(member) {
        for (let number = 4; number <= 7; number += 1) await member.append(record(number, 300))
      },
    },
    {
      name: 'snapshot',
      prepare: someHistory,
      async act(member) {
        await member.snapshot(2)
        await member.append('four')
        await Promise.all([member.snapshot(3), member.append('five')])
      },
    },
    {
      name: 'compact',
      async prepare(member) {
        await someHistory(member)
        for (let number = 4; number <= 6; number += 1) await member.append(record(number, 400))
        await member.release(2, 2, 'seven')
      },
      async act(member) {
        await member.release(7, 6, 'eight')
        await member.append('nine')
      },
    },
    {
      name: 'install',
      async prepare(member) {
        await someHistory(member)
        await member.release(2, 2, 'four')
      },
      async act(member) {
        await member.release(5, 40, 'the image of another takes the place of all before')
        await member.append('six')
      },
    },
    {
      name: 'identity',
      prepare: someHistory,
      async act(member) {
        await member.saveIdentity('who I am now')
        await Promise.all([member.saveIdentity('who I am at last'), member.append('four')])
      },
    },
  ]
}
