import { describe, expect, test } from 'vitest'
import { configInTicks, parseRaftOptions } from '../src/config.js'
import { raft, type RaftOptions } from '../src/index.js'

const mebibyte = 1024 * 1024

describe('D30: options are checked once, at the edge', () => {
  test.each([
    [{ heartbeatMs: 60 }, 'heartbeatMs', 'a third of the shortest election timeout'],
    [{ electionTimeoutMs: [90, 200], heartbeatMs: 31 }, 'heartbeatMs', 'a third of the shortest election timeout'],
    [{ electionTimeoutMs: [300, 300] }, 'electionTimeoutMs', '[shortest, longest]'],
    [{ electionTimeoutMs: [300, 150] }, 'electionTimeoutMs', '[shortest, longest]'],
    [{ electionTimeoutMs: [150] }, 'electionTimeoutMs', ''],
    [{ electionTimeoutMs: 150 }, 'electionTimeoutMs', 'tuple'],
    [{ electionTimeoutMs: [150.5, 300] }, 'electionTimeoutMs[0]', 'int'],
    [{ heartbeatMs: 0 }, 'heartbeatMs', '>=1'],
    [{ heartbeatMs: 1.5 }, 'heartbeatMs', 'int'],
    [{ heartbeatMs: '50' }, 'heartbeatMs', 'number'],
    [{ preVote: 'yes' }, 'preVote', 'boolean'],
    [{ checkQuorum: 1 }, 'checkQuorum', 'boolean'],
    [{ inflightMessagesMax: 0 }, 'inflightMessagesMax', '>=1'],
    [{ inflightBytesMax: -1 }, 'inflightBytesMax', '>=1'],
    [{ batchBytesMax: 8 * mebibyte }, 'batchBytesMax', '<=7340032'],
    [{ batchEntriesMax: 0 }, 'batchEntriesMax', '>=1'],
    [{ uncommittedBytesMax: 0 }, 'uncommittedBytesMax', '>=1'],
    [{ uncommittedEntriesMax: 0 }, 'uncommittedEntriesMax', '>=1'],
    [{ pendingReadsMax: 0 }, 'pendingReadsMax', '>=1'],
    [{ unappliedBytesMax: NaN }, 'unappliedBytesMax', 'number'],
    [{ commandBytesMax: 7 * mebibyte }, 'commandBytesMax', '<=6291456'],
    [{ heartbeatMS: 50 }, 'heartbeatMS', 'Unrecognized key'],
    [null, '', 'object'],
  ])('%j is refused in one line that names it', (options, path, reason) => {
    let error: unknown
    try {
      raft(options as unknown as RaftOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', outcome: 'fatal' })
    const { message } = error as Error
    expect(message).toContain('the options of raft() cannot be used')
    expect(message).toContain(path)
    expect(message).toContain(reason)
    expect(message.split('✖').length - 1).toBe(1)
  })

  test('several mistakes are told together', () => {
    expect(() => raft({ heartbeatMs: 0, batchEntriesMax: 0 })).toThrow(
      /heartbeatMs[\s\S]*batchEntriesMax|batchEntriesMax[\s\S]*heartbeatMs/,
    )
  })

  test('the defaults are those of the paper’s example', () => {
    expect(configInTicks(parseRaftOptions({}), 10)).toMatchObject({
      electionTicksMin: 15,
      electionTicksMax: 30,
      heartbeatTicks: 5,
      preVote: true,
      checkQuorum: true,
    })
  })

  test.each([
    [10, 15, 30, 5],
    [1, 150, 300, 50],
    [7, 22, 43, 7],
    [50, 3, 6, 1],
    [100, 3, 4, 1],
    [1_000, 3, 4, 1],
  ])('with ticks of %d ms a time-out is %d to %d ticks and a heartbeat %d', (tickMs, shortest, longest, heartbeat) => {
    const config = configInTicks(parseRaftOptions({}), tickMs)
    expect([config.electionTicksMin, config.electionTicksMax, config.heartbeatTicks]).toEqual([
      shortest,
      longest,
      heartbeat,
    ])
    expect(config.electionTicksMin * tickMs).toBeGreaterThanOrEqual(150)
    expect(config.heartbeatTicks * 3).toBeLessThanOrEqual(config.electionTicksMin)
  })
})
