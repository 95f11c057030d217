// Raft §5.3, Figure 3: a leader never overwrites or deletes entries in its log; it only appends new entries.
import { expectAlways } from '../violation.js'
import type { Invariant, Look } from './invariant.js'

/** Whoever leads, and led the same epoch at the last look, has only got more. */
export class LeaderAppendOnly implements Invariant {
  check({ member, now, before }: Look): void {
    if (!now.isLeader || !before?.isLeader || before.epoch !== now.epoch) return
    expectAlways(!member.change.isTruncated, () => {
      return `${member.id} leads epoch ${now.epoch} and has changed its own log at ${member.change.from}`
    })
  }
}
