import type { Environment, MachineModule, Random } from '@quorate/contracts'
import type { Gateway } from './clients/gateway.js'
import type { Counters } from './counters.js'
import type { CallersTold } from './invariants/callers-told.js'
import type { Member } from './member/member.js'
import type { LoadTraits } from './plan/plan.js'
import type { Cluster } from './world/cluster.js'
import type { LeadershipWatch } from './world/leadership-watch.js'
import type { WatchedTime } from './world/watched-time.js'

/** What those who ask need of the world around them. */
export interface LoadSurroundings<Machine extends MachineModule> {
  readonly members: readonly Member<Machine>[]
  /** What answers HTTP in members; null if nothing does. */
  readonly gateway: Gateway | null
  readonly environment: Environment
  readonly random: Random
  readonly load: LoadTraits
  readonly counters: Counters
  /** How long the cluster keeps a session that nobody uses, in milliseconds. */
  readonly sessionTimeoutMs: number
  /** What callers give and are told. */
  readonly callers: CallersTold
  /** Who leads, looked at from outside. */
  readonly leadership: Pick<LeadershipWatch<Machine>, 'start' | 'withoutLeaderMs' | 'changes'>
  /** The shortest silence after which another member may want to lead, in milliseconds; 0 if the protocol has none. */
  readonly electionTimeoutMs: number
  /** Something must never be, and a caller has seen it. */
  fail(problem: string): void
}

/** Everybody who asks a cluster something, and what they know in the end. */
export interface Load<Machine extends MachineModule> {
  /** How many commands were acknowledged, and how many of those were asked after all was well again. */
  readonly acknowledged: number
  readonly acknowledgedInCalm: number
  readonly areDone: boolean
  start(): void
  /** Nothing bad happens any more. */
  calm(): void
  /**
   * Another cluster has begun at the same addresses. It goes on with everything that the one before has acknowledged, if a
   * majority of that survived; otherwise it owes nobody what that one has said.
   */
  onReplaced(keepsAcknowledged: boolean): void
  /** Nothing more is asked; what was asked may still be answered. */
  finish(): void
  /** What is left of their requests on the way to members, and of what is over; null if it is nothing. */
  left(): Promise<string | null>
  /** What is wrong with what they were told, now that all members have one state; null if nothing is. */
  complaint(cluster: Cluster<Machine>, time: WatchedTime): Promise<string | null>
}

/** Makes the callers of one run. */
export type LoadMaker<Machine extends MachineModule> = (world: LoadSurroundings<Machine>) => Load<Machine>
