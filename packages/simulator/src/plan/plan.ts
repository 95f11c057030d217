import type { MemoryFaults } from '@quorate/transport-memory'
import type { DiskTraits } from '../member/member-disk.js'
import type { Fault } from './fault.js'

/**
 * A trouble that a run gets deep into.
 *
 *   - `churn`: leaders come and go
 *   - `hermits`: leaders that reach hardly anybody, and die
 *   - `lag`: members come back to a cluster that has gone on
 *   - `images`: members that need snapshots, and get by without them after all
 *   - `power`: power goes while something is on its way to the disk
 *   - `delay`: messages come so late that they belong to another time
 *   - `doubt`: commands whose leaders are cut off, whose places snapshots skip, and whose sessions end
 *   - `sizes`: commands, answers and tables of sessions that are large for the limits they have
 *   - `upgrades`: members get newer code one after the other, and sometimes the old one again
 *   - `copies`: members are started on older copies of their directories
 *   - `replaced`: another cluster begins at the same addresses, while callers of the first one live on
 *   - `idle`: nothing is asked for long, and the machine has deadlines
 */
export type Theme = 'churn' | 'hermits' | 'lag' | 'images' | 'power' | 'delay' | 'doubt' | 'sizes' | StagedTheme

/** Themes whose faults follow each other as the steps of an operator do. */
export type StagedTheme = 'upgrades' | 'copies' | 'replaced' | 'idle'

/** What plans are wanted: those of one theme, those without one, those whose callers ask with the product's client, or any. */
export type Profile = Theme | 'mixture' | 'client' | 'any'

/** Every profile once: one that is missing here does not compile. */
const everyProfile: Readonly<Record<Profile, true>> = {
  any: true,
  mixture: true,
  client: true,
  churn: true,
  hermits: true,
  lag: true,
  images: true,
  power: true,
  delay: true,
  doubt: true,
  sizes: true,
  upgrades: true,
  copies: true,
  replaced: true,
  idle: true,
}

/** The names of all profiles. */
export const profileNames: readonly string[] = Object.keys(everyProfile)

/** True if plans of this name can be drawn. */
export function isProfile(name: string): name is Profile {
  return profileNames.includes(name)
}

/** A session of this length outlives every run, in milliseconds: whatever clocks do, it must not end. */
export const longSessionMs = 300_000

/** How a cluster is made, for one run. */
export interface ClusterTraits {
  readonly ids: readonly string[]
  readonly network: MemoryFaults
  readonly disk: DiskTraits
  readonly storage: { readonly segmentBytes: number; readonly markAfterMs: number }
  readonly replica: {
    readonly snapshotEveryEntries: number
    readonly snapshotEveryBytes: number
    readonly sessionTimeoutMs: number
    readonly commandBytesMax: number
    readonly mailboxInputsMax: number
    readonly requestsMax: number
  }
  /** Whether nothing is applied while the machine is read for a snapshot, or it copies what it is read from. */
  readonly snapshots: 'held' | 'copied'
}

/** What callers do. */
export interface LoadTraits {
  /** How they ask: any member in sessions of their own, as callers of a member in its own, or with the product's client. */
  readonly callers: 'direct' | 'member' | 'client'
  readonly clients: number
  /** Commands of one client under way at once. */
  readonly atOnce: number
  /** Longest pause between an answer and the next question, in milliseconds. */
  readonly pauseMs: number
  readonly timeoutMs: { readonly min: number; readonly max: number }
  /** Of a hundred questions so many are queries. */
  readonly readsPercent: number
  /** Of how many questions without an answer one is given up. */
  readonly patience: number
  /** Bytes that are added to each command, and to each answer, at most. */
  readonly commandBytes: number
  readonly answerBytes: number
  /** How many answers a caller that counts its commands itself has the cluster keep for it, beside those it waits for. */
  readonly keptAnswers: number
}

/** All that will be done to one cluster: drawn from a seed, or what a shrinker left of it. */
export interface Plan {
  readonly seed: number
  /** The trouble that it gets deep into; null: a mixture. */
  readonly theme: Theme | null
  readonly cluster: ClusterTraits
  readonly load: LoadTraits
  /** How long faults may happen, and how long the cluster then has to make progress, in milliseconds. */
  readonly safetyMs: number
  readonly livenessMs: number
  /** In the order of time. */
  readonly faults: readonly Fault[]
}
