import type { Inspection } from '../subject.js'
import { DiskShadow } from './disk-shadow.js'
import { LogShadow, type LogChange } from './log-shadow.js'

/** How far a member is, in numbers. */
export interface Pointers {
  readonly epoch: number
  readonly votedFor: string | null
  readonly isLeader: boolean
  readonly firstIndex: number
  readonly lastIndex: number
  readonly durableIndex: number
  readonly committedIndex: number
  readonly deliveredIndex: number
  readonly appliedIndex: number
}

/** One member as invariants see it: as it is, as it was at the last look, and what its disk is known to hold. */
export class ObservedMember {
  readonly id: string
  lives = 0
  /** Null while it does not run. */
  now: Inspection | null = null
  /** Of the look before this one, and of this one, in the same life. */
  before: Pointers | null = null
  latest: Pointers | null = null
  log = new LogShadow()
  disk = new DiskShadow(0, { epoch: 0, votedFor: null })
  /** Log and disk at the end of the life before. */
  lastLife: { readonly log: LogShadow; readonly disk: DiskShadow } | null = null
  change: LogChange = { from: 1, isTruncated: false }

  constructor(id: string) {
    this.id = id
  }

  begin(inspection: Inspection): void {
    this.lives += 1
    this.now = inspection
    this.before = null
    this.latest = null
    this.log = new LogShadow()
    this.disk = new DiskShadow(inspection.durableIndex, inspection)
  }

  /** Follows what it has become. */
  advance(): Pointers | null {
    if (this.now === null) return null
    this.before = this.latest
    this.latest = pointersOf(this.now)
    this.change = this.log.follow(this.now)
    if (this.change.isTruncated) this.disk.onTruncated(this.change.from)
    const { before, latest } = this
    if (before?.epoch !== latest.epoch || before.votedFor !== latest.votedFor) this.disk.onVoice(latest)
    return this.latest
  }

  end(): void {
    if (this.latest) this.lastLife = { log: this.log, disk: this.disk }
    this.now = null
  }

  /** True if this member's disk is known to hold the entry, or a snapshot that stands for it. */
  holdsDurably(index: number, epoch: number): boolean {
    const { log, disk } = this.latest ? this : (this.lastLife ?? this)
    return index <= log.base || (index <= disk.through && log.epochAt(index) === epoch)
  }
}

/** The numbers of a view that lives on. */
export function pointersOf(inspection: Inspection): Pointers {
  const { epoch, votedFor, isLeader, firstIndex, lastIndex, durableIndex } = inspection
  const { committedIndex, deliveredIndex, appliedIndex } = inspection
  return {
    epoch,
    votedFor,
    isLeader,
    firstIndex,
    lastIndex,
    durableIndex,
    committedIndex,
    deliveredIndex,
    appliedIndex,
  }
}
