import type { Random } from '@quorate/contracts'
import type { RaftOptions } from '@quorate/raft'
import type { Theme } from '@quorate/simulator'

/** From what the options of one cluster are drawn. What stands there twice comes twice as often. */
interface Ranges {
  /** Of a hundred clusters so many have quick elections, are suspicious at once, ask before an election, check the quorum. */
  readonly quickPercent: number
  readonly fastSuspicionPercent: number
  readonly preVotePercent: number
  readonly checkQuorumPercent: number
  readonly tailEntriesMax: readonly number[]
  readonly inflightMessagesMax: readonly number[]
  readonly batchEntriesMax: readonly number[]
  readonly uncommittedEntriesMax: readonly number[]
}

const usual: Ranges = {
  quickPercent: 33,
  fastSuspicionPercent: 75,
  preVotePercent: 75,
  checkQuorumPercent: 80,
  tailEntriesMax: [0, 4, 50, 16_384],
  inflightMessagesMax: [1, 3, 256],
  batchEntriesMax: [1, 8, 4_096],
  uncommittedEntriesMax: [16_384],
}

const themes: Readonly<Record<Theme, Partial<Ranges>>> = {
  /** Elections are quick and entries leave one by one: then many terms leave something behind. */
  churn: { quickPercent: 67, inflightMessagesMax: [1, 1, 256], batchEntriesMax: [1, 1, 4_096] },
  hermits: { quickPercent: 100, inflightMessagesMax: [1], batchEntriesMax: [1] },
  lag: {},
  /** What a snapshot stands for is forgotten at once. */
  images: { tailEntriesMax: [0, 0, 4] },
  power: {},
  sizes: {},
  /** What a snapshot stands for is forgotten soon: members on other code need images of each other. */
  upgrades: { quickPercent: 67, tailEntriesMax: [0, 4, 50] },
  copies: { quickPercent: 50 },
  replaced: {},
  idle: {},
  /** Leaders do not notice that they hear nobody any more. */
  delay: { quickPercent: 67, checkQuorumPercent: 30 },
  /** What a snapshot stands for is forgotten at once, entries leave one by one, and leaders take few at once. */
  doubt: {
    quickPercent: 75,
    checkQuorumPercent: 50,
    tailEntriesMax: [0, 0, 4, 50],
    inflightMessagesMax: [1, 256],
    batchEntriesMax: [1, 8],
    uncommittedEntriesMax: [2, 16_384, 16_384],
  },
}

/** Options of Raft for a run of this theme. */
export function drawOptions(random: Random, theme: Theme | null): RaftOptions {
  const ranges = theme === null ? usual : { ...usual, ...themes[theme] }
  const oneOf = (choices: readonly number[]): number => choices[random.nextInt(choices.length)]!
  const percent = (chance: number): boolean => random.nextInt(100) < chance
  const isQuick = percent(ranges.quickPercent)
  return {
    electionTimeoutMs: isQuick ? [50, 120] : [150, 300],
    heartbeatMs: isQuick ? 10 : 50,
    tailEntriesMax: oneOf(ranges.tailEntriesMax),
    inflightMessagesMax: oneOf(ranges.inflightMessagesMax),
    batchEntriesMax: oneOf(ranges.batchEntriesMax),
    fastSuspicion: percent(ranges.fastSuspicionPercent),
    preVote: percent(ranges.preVotePercent),
    checkQuorum: percent(ranges.checkQuorumPercent),
    uncommittedEntriesMax: oneOf(ranges.uncommittedEntriesMax),
  }
}
