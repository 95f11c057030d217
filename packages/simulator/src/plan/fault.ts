import type { FileOperation } from '@quorate/conformance'

/** Whom a fault meets: a member by its place among all, or whoever leads then. */
export type Target = number | 'leader'

/** The code that a member runs: of the first version of its machine, or of the later one, which knows both. */
export type Code = 'first' | 'later'

/** One thing that is done to a cluster, at a moment of virtual time. `forMs`: how long it lasts. */
export type Fault =
  /** SIGKILL: what was written stays to be read. Power: what was not synced may be gone. Then it starts again. */
  | {
      readonly kind: 'crash'
      readonly atMs: number
      readonly who: Target
      readonly how: 'kill' | 'powerCut'
      readonly forMs: number
    }
  | { readonly kind: 'crashAll'; readonly atMs: number; readonly how: 'kill' | 'powerCut'; readonly forMs: number }
  /** For a while whoever begins to lead dies soon after: within `livesMs`, back again within `downMs` (F-1, F-31). */
  | {
      readonly kind: 'mortalLeaders'
      readonly atMs: number
      readonly livesMs: number
      readonly downMs: number
      readonly forMs: number
    }
  /** The same, and each of them is heard by no more than `reachMax` others, other ones each time (F-1). */
  | {
      readonly kind: 'hermitLeaders'
      readonly atMs: number
      readonly reachMax: number
      readonly livesMs: number
      readonly downMs: number
      readonly forMs: number
    }
  /**
   * For a while whoever begins to lead is heard by `reach` others only, other ones each time, for `forLeaderMs`. It lives on:
   * what it was given meanwhile is cut off, comes back, or both (F-29).
   */
  | {
      readonly kind: 'secludedLeaders'
      readonly atMs: number
      readonly reach: number
      readonly forLeaderMs: number
      readonly forMs: number
    }
  /**
   * One other member alone hears a leader, and its answers come late; another leads meanwhile, and hands over to the first
   * one after `awayMs`, before the answers are there (F-13).
   */
  | {
      readonly kind: 'returningLeader'
      readonly atMs: number
      readonly who: 'leader'
      /** The place of the other behind that of the leader. */
      readonly confidant: number
      readonly latencyMs: number
      readonly awayMs: number
    }
  /** The members whose bit is set hear nobody of the others, and are heard by none. */
  | { readonly kind: 'partition'; readonly atMs: number; readonly side: number; readonly forMs: number }
  | {
      readonly kind: 'isolate'
      readonly atMs: number
      readonly who: Target
      readonly way: 'in' | 'out' | 'both'
      readonly forMs: number
    }
  | {
      readonly kind: 'slowLink'
      readonly atMs: number
      readonly from: number
      readonly to: number
      readonly latencyMs: number
      readonly forMs: number
    }
  /** Everything that a member sends, or that is sent to it, arrives late, and in its order. */
  | {
      readonly kind: 'slowMember'
      readonly atMs: number
      readonly who: Target
      readonly way: 'in' | 'out' | 'both'
      readonly latencyMs: number
      readonly forMs: number
    }
  /** SIGSTOP, and SIGCONT later. */
  | { readonly kind: 'pause'; readonly atMs: number; readonly who: Target; readonly forMs: number }
  | {
      readonly kind: 'drift'
      readonly atMs: number
      readonly who: Target
      readonly rate: number
      readonly forMs: number
    }
  | { readonly kind: 'wallJump'; readonly atMs: number; readonly who: Target; readonly byMs: number }
  | { readonly kind: 'stallSync'; readonly atMs: number; readonly who: Target; readonly forMs: number }
  | {
      readonly kind: 'diskFull'
      readonly atMs: number
      readonly who: Target
      readonly freeBytes: number
      readonly forMs: number
    }
  /** Lies in wait for a file operation to come: so many pass, and the next one fails or is the last of this life. */
  | {
      readonly kind: 'trap'
      readonly atMs: number
      readonly who: Target
      readonly operation: FileOperation
      readonly passes: number
      readonly does: 'kill' | 'powerCut' | 'EIO' | 'ENOSPC'
      readonly forMs: number
    }
  /** A bit of a file that lies there unread. */
  | {
      readonly kind: 'rot'
      readonly atMs: number
      readonly who: Target
      readonly file: 'journal' | 'snapshot'
      readonly bit: number
    }
  /** The machine dies and comes back with an empty disk, under the same name (F-20, W25). */
  | { readonly kind: 'newDisk'; readonly atMs: number; readonly who: Target; readonly forMs: number }
  /**
   * The disk is copied while the member runs, and the copy is put in its place later than `keptMs`. Its files have new ids,
   * as files that were copied back, or those that they had, as after a rollback of the whole disk.
   */
  | {
      readonly kind: 'oldCopy'
      readonly atMs: number
      readonly who: number
      readonly ids: 'new' | 'kept'
      /** All others end at the same moment, and have forgotten what they had heard of it lately. */
      readonly stopsOthers: boolean
      readonly keptMs: number
      readonly forMs: number
    }
  /**
   * All members end for good, and another cluster begins at their addresses: with nothing, under the same name or another
   * one, or as `quorate-storage recover` lets it go on with what so many survivors have left.
   */
  | {
      readonly kind: 'replaceCluster'
      readonly atMs: number
      readonly how: 'anew' | 'renamed' | 'recovered'
      readonly survivors: number
      readonly forMs: number
    }
  /** The program ends, and starts again on other code of the same machine: newer, or back. */
  | {
      readonly kind: 'upgrade'
      readonly atMs: number
      readonly who: number
      readonly code: Code
      readonly how: 'kill' | 'powerCut'
      readonly forMs: number
    }
  | { readonly kind: 'transfer'; readonly atMs: number; readonly to: number | null }

/** What an operator does in a run, and whether it needs a quiet world. */
export interface StagedFaults {
  readonly faults: readonly Fault[]
  /** True if nothing else may go wrong. */
  readonly isQuiet: boolean
}
