import type { DiskTraits } from '../member/member-disk.js'
import { longSessionMs, type ClusterTraits, type LoadTraits, type Theme } from './plan.js'

type Choices<Value> = readonly [Value, ...Value[]]

/** From what the dice choose a cluster and those who ask it. What stands there twice comes twice as often. */
export interface Ranges {
  /** Members. */
  readonly sizes: Choices<number>
  /** The longest that a message takes, in milliseconds; the shortest is a quarter of it. */
  readonly latencyMaxMs: Choices<number>
  /** Of a hundred clusters so many have a network that loses, that duplicates, that reorders. */
  readonly badNetworkPercent: number
  readonly syncMs: Choices<DiskTraits['syncMs']>
  readonly snapshotEveryEntries: Choices<number>
  readonly sessionTimeoutMs: Choices<number>
  readonly clientsMax: number
  /** The longest pause of a caller, in milliseconds: a single one must come to ten commands while all is well. */
  readonly pauseMs: Choices<number>
  readonly readsPercent: Choices<number>
  /** Of how many questions without an answer one is given up. */
  readonly patience: Choices<number>
  /** The shortest that a question may take, in milliseconds; the longest is up to four times as much. */
  readonly timeoutMsMin: Choices<number>
  /** In so many of a hundred clusters callers ask with the product's client: what it says in JSON costs time. */
  readonly clientsPercent: number
  /** In so many of a hundred clusters, of those without clients, callers are those of the members themselves. */
  readonly membersCallersPercent: number
  readonly bytes: Choices<Bytes>
}

const quickDisk = { min: 0, max: 2 }
const slowDisk = { min: 5, max: 60 }

const usualLimits = {
  snapshotEveryBytes: 64 * 1024 * 1024,
  commandBytesMax: 4 * 1024 * 1024,
  mailboxInputsMax: 65_536,
  requestsMax: 65_536,
}

/** Nothing is added, and no limit is near. */
const smallBytes: Bytes = { ...usualLimits, commandBytes: 0, answerBytes: 0, keptAnswers: 0 }

/** Each is large for one limit: slices of an image, bytes of a session, a segment, a checkpoint, the mailbox, callers. */
const largeBytes: Choices<Bytes> = [
  { ...smallBytes, answerBytes: 8 * 1024, keptAnswers: 60 },
  { ...smallBytes, answerBytes: 24 * 1024, keptAnswers: 30 },
  { ...smallBytes, answerBytes: 200 * 1024, keptAnswers: 30 },
  { ...smallBytes, answerBytes: 300, keptAnswers: 1_000 },
  { ...smallBytes, commandBytes: 9 * 1024, commandBytesMax: 10 * 1024, snapshotEveryBytes: 64 * 1024 },
  { ...smallBytes, commandBytes: 1_024, mailboxInputsMax: 24, requestsMax: 3 },
]

export const usualRanges: Ranges = {
  sizes: [3, 3, 3, 3, 5, 5, 5, 1, 2, 4, 7],
  latencyMaxMs: [0, 2, 5, 20, 60, 150],
  badNetworkPercent: 40,
  syncMs: [quickDisk, { min: 1, max: 12 }, slowDisk],
  snapshotEveryEntries: [20, 60, 200, 10_000],
  sessionTimeoutMs: [150, 1_000, longSessionMs, longSessionMs],
  clientsMax: 5,
  pauseMs: [5, 20, 100, 200],
  readsPercent: [10, 30, 60],
  patience: [5, 50, 50],
  timeoutMsMin: [30, 100, 400],
  clientsPercent: 18,
  membersCallersPercent: 15,
  bytes: [smallBytes],
}

/** How much is added to what callers ask and are told, and limits of members that make it much. */
export type Bytes = Omit<ClusterTraits['replica'], 'snapshotEveryEntries' | 'sessionTimeoutMs'> &
  Pick<LoadTraits, 'commandBytes' | 'answerBytes' | 'keptAnswers'>

/** A theme: which kinds of faults, about how often each in milliseconds, and what of the usual ranges is another. */
export interface ThemeTraits {
  readonly kinds: readonly string[]
  readonly everyMs: number
  readonly ranges: Partial<Ranges>
}

/** Troubles that only come together. Most runs mix kinds at random instead, and each of these gets deep into one. */
export const themes: Readonly<Record<Theme, ThemeTraits>> = {
  /** No leader lives long: entries of many terms that nobody has committed yet. The network is quick, so that many lead. */
  churn: {
    kinds: ['mortalLeaders', 'crashLeader', 'isolateLeader', 'isolate'],
    everyMs: 400,
    ranges: { sizes: [3, 4, 5, 5, 5], latencyMaxMs: [1, 5, 20] },
  },
  /** Entries of several terms lie side by side, each on few members, and any of them may win: Figure 8. */
  hermits: {
    kinds: ['hermitLeaders'],
    everyMs: 2_500,
    ranges: {
      sizes: [5],
      latencyMaxMs: [5, 10, 20],
      badNetworkPercent: 10,
      syncMs: [quickDisk],
      snapshotEveryEntries: [10_000],
      clientsMax: 2,
      pauseMs: [50, 100],
      readsPercent: [10, 30],
    },
  },
  /** Whoever was gone comes back to a cluster that has gone on. */
  lag: { kinds: ['isolate', 'isolate', 'pause', 'crash'], everyMs: 1_000, ranges: {} },
  /** Images that take long, and entries that overtake them. */
  images: {
    kinds: ['slowMember', 'isolate', 'stallSync', 'crash'],
    everyMs: 700,
    ranges: {
      sizes: [3, 3, 5],
      latencyMaxMs: [5, 20, 60],
      badNetworkPercent: 70,
      syncMs: [{ min: 1, max: 12 }, slowDisk],
      snapshotEveryEntries: [5, 10, 20],
      pauseMs: [5, 20],
    },
  },
  /** Power goes while something is on its way to the disk. */
  power: { kinds: ['crashAtWrite', 'crashAtWrite', 'crashAll', 'stallSync'], everyMs: 600, ranges: {} },
  /** What is written, kept and read takes several pieces, and whoever has no room says so. */
  sizes: {
    kinds: ['slowMember', 'isolate', 'crash', 'crashLeader'],
    everyMs: 1_200,
    ranges: {
      sizes: [3, 3, 5],
      latencyMaxMs: [2, 5, 20],
      syncMs: [quickDisk, { min: 1, max: 12 }],
      snapshotEveryEntries: [20, 60],
      sessionTimeoutMs: [1_000, longSessionMs],
      clientsMax: 3,
      pauseMs: [5, 20],
      readsPercent: [10],
      bytes: largeBytes,
    },
  },
  /** Other troubles, while members get other code one after the other: see `drawUpgrades`. */
  upgrades: {
    kinds: ['crash', 'isolate', 'transfer', 'mortalLeaders'],
    everyMs: 2_500,
    ranges: {
      sizes: [3, 3, 5],
      latencyMaxMs: [0, 2, 5, 20],
      badNetworkPercent: 20,
      snapshotEveryEntries: [10, 20, 60, 10_000],
      pauseMs: [5, 20, 100],
      readsPercent: [10, 30],
      patience: [50],
    },
  },
  /** Other troubles, while members are started on older copies of their directories: see `drawCopies`. */
  copies: {
    kinds: ['crash', 'isolate', 'transfer', 'stallSync'],
    everyMs: 2_000,
    ranges: {
      sizes: [3, 3, 5],
      latencyMaxMs: [0, 2, 5],
      badNetworkPercent: 0,
      snapshotEveryEntries: [10, 60, 10_000],
      pauseMs: [5, 20],
      readsPercent: [10],
    },
  },
  /** Other troubles, while another cluster takes the place of the first one: see `drawReplacement`. */
  replaced: {
    kinds: ['crash', 'isolate', 'transfer', 'secludedLeaders'],
    everyMs: 2_000,
    ranges: {
      sizes: [3, 3, 5],
      latencyMaxMs: [0, 2, 5, 20],
      badNetworkPercent: 20,
      snapshotEveryEntries: [10, 60, 10_000],
      pauseMs: [5, 20],
      readsPercent: [10, 30],
      patience: [50],
      clientsPercent: 45,
      membersCallersPercent: 10,
    },
  },
  /** Leaders come and go while nobody asks for anything, and nothing is as slow as an election timeout. */
  idle: {
    kinds: ['crashLeader', 'crash', 'crashAll', 'isolateLeader', 'pauseLeader', 'pause', 'transfer', 'wallJump'],
    everyMs: 2_500,
    ranges: {
      sizes: [3, 3, 5, 1],
      latencyMaxMs: [0, 2, 5],
      badNetworkPercent: 0,
      syncMs: [quickDisk, { min: 1, max: 12 }],
      sessionTimeoutMs: [1_000, longSessionMs],
      snapshotEveryEntries: [20, 60, 10_000],
      clientsMax: 3,
      patience: [50],
      clientsPercent: 20,
    },
  },
  /** Messages come so late that they belong to another time. */
  delay: {
    kinds: ['slowLink', 'slowLeader', 'deafLeader', 'returningLeader', 'transfer'],
    everyMs: 1_500,
    ranges: { sizes: [3, 5, 5], latencyMaxMs: [2, 5, 20], badNetworkPercent: 30, readsPercent: [30, 60] },
  },
  /**
   * Commands of which it is hard to say whether they happened: leaders are cut off with them and live on, snapshots skip
   * their places, sessions end under them. Callers mostly take the first word for the last.
   */
  doubt: {
    kinds: ['secludedLeaders', 'secludedLeaders', 'isolateLeader', 'isolate', 'pauseLeader', 'transfer'],
    everyMs: 1_400,
    ranges: {
      sizes: [3, 3, 5, 5, 5],
      latencyMaxMs: [2, 5, 20],
      badNetworkPercent: 30,
      syncMs: [quickDisk, { min: 1, max: 12 }],
      snapshotEveryEntries: [5, 20, 60, 10_000],
      sessionTimeoutMs: [60, 150, 1_000, longSessionMs],
      pauseMs: [5, 20, 100],
      readsPercent: [10],
      patience: [1, 1, 2, 50],
      timeoutMsMin: [30, 150, 700],
      membersCallersPercent: 60,
    },
  },
}
