import type {
  ForceMembers,
  NodeId,
  Protocol,
  ProtocolModule,
  ProtocolTiming,
  Random,
  Ready,
  Token,
} from '@quorate/contracts'
import { createReplica, type ReplicaOptions, type Replica } from '@quorate/replica'
import type { MachineModule } from '@quorate/contracts'
import type { Gateway } from './clients/gateway.js'
import type { Theme } from './plan/plan.js'

/**
 * What a simulation sees of one member's protocol: neutral words for what every protocol with a log of epochs has. It is a
 * view of the living thing, not a copy; whoever gives it answers from the protocol's own state at each question.
 */
export interface Inspection {
  /** Of the leadership that this member knows: a term, a ballot, an epoch. Never goes back. */
  readonly epoch: number
  /** To whom its voice in this epoch went. */
  readonly votedFor: NodeId | null
  readonly isLeader: boolean
  /** False while it takes no proposals although it leads, as when it hands over. */
  readonly takesProposals: boolean
  /** What of the log is in memory. `firstIndex - 1` is the last entry that a snapshot stands for. */
  readonly firstIndex: number
  readonly lastIndex: number
  /** Every entry up to here is on this member's disk. */
  readonly durableIndex: number
  readonly committedIndex: number
  /** Handed to the machine up to here. */
  readonly deliveredIndex: number
  readonly appliedIndex: number
  /** What it keeps for the sake of something under way, by name: nothing once all is decided and nobody lags. */
  readonly owed: Readonly<Record<string, number>>
  /** Groups of voters, of each of which a majority decides: one, or two while a change is under way. */
  readonly quorums: readonly (readonly NodeId[])[]
  /** The epoch of an entry in memory, or of the one before the first. */
  epochAt(index: number): number | null
  /** What an entry in memory holds: equal entries have equal bytes. */
  contentAt(index: number): Uint8Array
  /** Throws when something that the protocol itself believes of one member's state does not hold. */
  check(): void
}

/** What is told of a member's protocol, life by life. */
export interface ProtocolWatch {
  onRecovered(inspection: Inspection): void
  /** After each input. */
  onStep(kind: string): void
  /** A proposal was handed over with this token. It was looked at since, as after each input. */
  onProposed(token: Token): void
  /** What the protocol wants done has left it. */
  onReady(ready: Ready<unknown>): void
}

/** A protocol that was drawn for one cluster, ready to run in its members. */
export interface DrawnProtocol {
  readonly timing: ProtocolTiming | null
  createReplica<Machine extends MachineModule>(
    options: Omit<ReplicaOptions<Machine, unknown, unknown>, 'protocol'>,
    watch: ProtocolWatch,
  ): Promise<Replica<Machine>>
}

/** A protocol as a simulation takes it: how to make one, and how to look inside. */
export interface Subject {
  readonly name: string
  /** What answers clients in its members; null if nobody brought one. */
  readonly gateway: Gateway | null
  /** How a cluster goes on that has lost its majority; null if nobody said. */
  readonly forceMembers: ForceMembers | null
  /** One for all members of a cluster, with options that the dice have drawn, for a run of this theme. */
  draw(random: Random, theme: Theme | null): DrawnProtocol
}

/** What a protocol brings to be simulated. */
export interface SubjectParts<Message, Admin> {
  readonly name: string
  readonly protocol: (random: Random, theme: Theme | null) => ProtocolModule<Message, Admin>
  /** Without it nobody looks inside: what callers saw, what machines applied and where members end is checked all the same. */
  readonly inspect?: (protocol: Protocol<Message, Admin>) => Inspection
  /** With it, callers of some runs use the product's client, over HTTP that is as bad as the rest of the world. */
  readonly gateway?: Gateway
  /** With it, some clusters go on as another one that begins with what is left of the first. */
  readonly forceMembers?: ForceMembers
}

/** Makes a subject of a protocol. The simulator knows none: this is where one is passed in. */
export function subject<Message, Admin>(parts: SubjectParts<Message, Admin>): Subject {
  const { name, protocol, inspect, gateway = null, forceMembers = null } = parts
  return {
    name,
    gateway,
    forceMembers,
    draw(random, theme) {
      const module = protocol(random, theme)
      return {
        timing: module.timing,
        createReplica: (options, watch) => createReplica({ ...options, protocol: watched(module, inspect, watch) }),
      }
    },
  }
}

/** The same module, whose members are looked at after each step. */
function watched<Message, Admin>(
  module: ProtocolModule<Message, Admin>,
  inspect: SubjectParts<Message, Admin>['inspect'] | undefined,
  watch: ProtocolWatch,
): ProtocolModule<Message, Admin> {
  return {
    ...module,
    recover(start) {
      const recovery = module.recover(start)
      return {
        record: (sequence, bytes) => recovery.record(sequence, bytes),
        finish() {
          const protocol = recovery.finish()
          if (!inspect) return protocol
          const step = protocol.step.bind(protocol)
          protocol.step = (input) => {
            step(input)
            watch.onStep(input.kind)
            if (input.kind === 'propose') watch.onProposed(input.token)
          }
          const takeReady = protocol.takeReady.bind(protocol)
          protocol.takeReady = () => {
            const ready = takeReady()
            watch.onReady(ready)
            return ready
          }
          watch.onRecovered(inspect(protocol))
          return protocol
        },
      }
    },
  }
}
