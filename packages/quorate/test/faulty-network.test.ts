import { expect, test } from 'vitest'
import { crowd } from './faulty-network/crowd.js'
import { story } from './faulty-network/story.js'

/** Nobody knows how busy the machine is. */
const patienceMs = 180_000

test.each(['tcp', 'http'] as const)(
  'over %s, writes of a majority that is fully connected go on, whatever happens to the others, and all agree afterwards',
  async (name) => {
    const chapters: string[] = []
    for await (const { fault, hadLeader, writes } of story(name, ['cut', 'half-open'], 10)) {
      chapters.push(`${fault}, ${hadLeader ? 'leader' : 'followers'}: ${writes}`)
    }
    expect(chapters).toEqual([
      'cut, leader: 10',
      'cut, followers: 10',
      'half-open, leader: 10',
      'half-open, followers: 10',
    ])
  },
  patienceMs,
)

test.each(['tcp', 'http'] as const)(
  'over %s, idle connections are ended, and writes go on',
  async (name) => {
    const { idle, endedByLimit, ended, writes } = await crowd(name, 300, 20)
    expect(endedByLimit).toBeGreaterThan(100)
    expect([ended, writes]).toEqual([idle, 20])
  },
  patienceMs,
)
