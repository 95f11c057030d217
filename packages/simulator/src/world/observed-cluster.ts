import type { Counters } from '../counters.js'
import { CommittedImmutable } from '../invariants/committed-immutable.js'
import { Commitments } from '../invariants/commitments.js'
import { ConfigurationOverlap } from '../invariants/configuration-overlap.js'
import { ElectionSafety } from '../invariants/election-safety.js'
import type { Invariant } from '../invariants/invariant.js'
import { LeaderAppendOnly } from '../invariants/leader-append-only.js'
import { LeaderCompleteness } from '../invariants/leader-completeness.js'
import { LogMatching } from '../invariants/log-matching.js'
import { ObservedMember } from '../invariants/observed-member.js'
import { PointersInOrder } from '../invariants/pointers.js'
import { ProposalsTold, type ProposalsOfLife } from '../invariants/proposals-told.js'
import { DurableRecovered } from '../invariants/recovered.js'
import { StateMachineSafety } from '../invariants/state-machine-safety.js'
import { VoiceKept } from '../invariants/voice.js'
import { Votes } from '../invariants/votes.js'
import { LogSightings } from './log-sightings.js'

/** One cluster as invariants see it. Another one that begins at the same addresses is seen anew, and owes this one nothing. */
export class ObservedCluster {
  readonly members: ReadonlyMap<string, ObservedMember>
  readonly invariants: readonly Invariant[]
  readonly voice: VoiceKept
  readonly applied = new StateMachineSafety()
  readonly committed: Commitments
  readonly proposals: ProposalsTold
  readonly proposalsOf = new Map<string, ProposalsOfLife>()
  /** Whoever comes by the name of a member whose disk is gone. */
  readonly strangers = new Set<string>()

  /** `beginsAt`: what stands up to there was decided in another cluster; 0 for one that begins with nothing. */
  constructor(ids: readonly string[], counters: Counters, beginsAt: number) {
    const votes = new Votes()
    this.members = new Map(ids.map((id) => [id, new ObservedMember(id)]))
    this.voice = new VoiceKept(votes)
    this.committed = new Commitments(beginsAt)
    this.proposals = new ProposalsTold(this.committed, counters)
    this.invariants = [
      new PointersInOrder(),
      new DurableRecovered(),
      this.voice,
      new ElectionSafety(votes),
      new LeaderAppendOnly(),
      new LogMatching(),
      new CommittedImmutable(this.committed, this.members),
      new LeaderCompleteness(this.committed),
      new ConfigurationOverlap(this.members),
      new LogSightings(counters),
    ]
  }
}
