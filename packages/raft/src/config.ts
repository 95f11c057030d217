import { bytesSchema, durationMsSchema, parseOptions } from '@quorate/contracts'
import { z } from 'zod'

const mebibyte = 1024 * 1024

/** Options of `raft()` with their defaults: durations in milliseconds, sizes in bytes. */
export const raftOptionsSchema = z
  .strictObject({
    /** Shortest and longest election timeout; each member draws anew between them for every wait (§5.2). */
    electionTimeoutMs: z
      .tuple([durationMsSchema, durationMsSchema])
      .refine(([shortest, longest]) => shortest < longest, {
        error: 'must be [shortest, longest], with shortest below longest',
      })
      .default([150, 300]),
    heartbeatMs: durationMsSchema.default(50),
    /** Ask before an election whether it could be won (thesis §9.6). */
    preVote: z.boolean().default(true),
    /** A leader that hears no majority within the shortest election timeout steps down (thesis §6.2). */
    checkQuorum: z.boolean().default(true),
    /** Ask for pre-votes as soon as the leader's process is known to be gone (decision D41); needs pre-votes. */
    fastSuspicion: z.boolean().default(true),
    /** Unanswered AppendEntries per follower, and the bytes in them. */
    inflightMessagesMax: z.int().min(1).default(256),
    inflightBytesMax: bytesSchema.default(16 * mebibyte),
    /** Entries gathered into one AppendEntries. */
    batchBytesMax: bytesSchema.max(7 * mebibyte).default(mebibyte),
    batchEntriesMax: z.int().min(1).default(4_096),
    /** Entries that no majority has yet. Over it proposals are refused. */
    uncommittedBytesMax: bytesSchema.default(64 * mebibyte),
    uncommittedEntriesMax: z.int().min(1).default(131_072),
    /** Reads that no majority has confirmed yet. Over it they are refused. */
    pendingReadsMax: z.int().min(1).default(131_072),
    /** Entries handed out that the machine has not applied yet. Over it the next ones wait, and proposals are refused. */
    unappliedBytesMax: bytesSchema.default(64 * mebibyte),
    /** Committed entries that the machine has not applied yet. Over it proposals are refused. */
    unappliedEntriesMax: z.int().min(1).default(131_072),
    /** Entries kept in memory below a snapshot, so that a follower that is a little behind needs no image. */
    tailEntriesMax: z.int().min(0).default(16_384),
    tailBytesMax: bytesSchema.default(4 * mebibyte),
    /** The same while a follower fetches an image, so that it finds what comes behind it. */
    transferTailBytesMax: bytesSchema.default(64 * mebibyte),
    /** The largest command, its envelope included. */
    commandBytesMax: bytesSchema.max(6 * mebibyte).default(5 * mebibyte),
  })
  .refine(({ heartbeatMs, electionTimeoutMs }) => heartbeatMs * 3 <= electionTimeoutMs[0], {
    path: ['heartbeatMs'],
    error: 'must be at most a third of the shortest election timeout, or healthy leaders lose elections',
  })

/** What `raft()` takes. */
export type RaftOptions = z.input<typeof raftOptionsSchema>

/** Options after they were checked, with times in ticks. */
export interface RaftConfig extends Omit<z.output<typeof raftOptionsSchema>, 'electionTimeoutMs' | 'heartbeatMs'> {
  readonly electionTicksMin: number
  readonly electionTicksMax: number
  readonly heartbeatTicks: number
}

/** Checks options. Throws `INVALID_OPTIONS`. */
export function parseRaftOptions(options: RaftOptions): z.output<typeof raftOptionsSchema> {
  return parseOptions(raftOptionsSchema, options, 'the options of raft()')
}

/**
 * Counts the times in ticks of this length: an election timeout is never shorter than asked, a heartbeat never later, and
 * however coarse the ticks are, a timeout is three heartbeats.
 */
export function configInTicks(options: z.output<typeof raftOptionsSchema>, tickMs: number): RaftConfig {
  const { electionTimeoutMs, heartbeatMs, ...rest } = options
  const heartbeatTicks = Math.max(1, Math.floor(heartbeatMs / tickMs))
  const electionTicksMin = Math.max(3 * heartbeatTicks, Math.ceil(electionTimeoutMs[0] / tickMs))
  return {
    ...rest,
    electionTicksMin,
    electionTicksMax: Math.max(electionTicksMin + 1, Math.ceil(electionTimeoutMs[1] / tickMs)),
    heartbeatTicks,
  }
}
