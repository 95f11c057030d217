import type { NodeId } from '@quorate/contracts'
import type { Inspection } from '../subject.js'

/** What a member knows and has, for claims about all members together. */
export interface Facts {
  readonly id: NodeId
  readonly epoch: number
  readonly votedFor: string | null
  readonly isLeader: boolean
  readonly committed: number
  /** On its disk, as far as it has heard. */
  readonly durable: number
  /** Epoch and content of the entries, from index 1. */
  readonly log: readonly { readonly epoch: number; readonly content: string }[]
}

/** Nothing is compacted while exploring, so the whole log is there. */
export function factsOf(id: NodeId, inspection: Inspection): Facts {
  const { epoch, votedFor, isLeader, committedIndex, durableIndex, lastIndex } = inspection
  const log = Array.from({ length: lastIndex }, (_, at) => ({
    epoch: inspection.epochAt(at + 1) ?? 0,
    content: inspection.contentAt(at + 1).join(),
  }))
  return { id, epoch, votedFor, isLeader, committed: committedIndex, durable: durableIndex, log }
}
