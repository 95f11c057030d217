import type { Input, NodeId, Protocol, ProtocolModule, ProtocolStart } from '@quorate/contracts'
import type { Inspection } from '../subject.js'

/** What may happen in all, so that there is an end to it. Each counts over the whole cluster. */
export interface Bounds {
  readonly members: number
  /** Members that lose patience. */
  readonly timeouts: number
  /** Nobody loses patience in an epoch above this one. */
  readonly epochMax: number
  readonly proposals: number
  /** Heartbeats of leaders. */
  readonly beats: number
  /** Members that lose all that is not on their disks, and start again at once. */
  readonly crashes: number
  /** Messages that arrive twice; `any`: each arrives as often as it likes, at any time after it was sent. */
  readonly duplicates: number | 'any'
}

/** Who is called what, when members change their names with each other. */
export type Names = (id: NodeId) => NodeId

/** What the explorer has to know of a protocol: how to let time pass, how to look inside, and where names stand. */
export interface Explored<Message, Admin> {
  readonly module: ProtocolModule<Message, Admin>
  /** What a member is given that has waited in vain: it wants to lead. */
  readonly timeout: readonly Input<Message, Admin>[]
  /** What a leader is given for a heartbeat. */
  readonly beat: readonly Input<Message, Admin>[]
  /**
   * The exported state of a core, without what says nothing of what can happen: the place of the dice, clocks that nobody
   * reads. Two cores with the same bytes answer the same inputs alike. May tidy the core up.
   */
  stateOf(protocol: Protocol<Message, Admin>): Uint8Array
  inspect(protocol: Protocol<Message, Admin>): Inspection
  /** What is certain about a core's future, whatever happens. `recovered` is what a crash now would leave of it. */
  outlookOf(
    protocol: Protocol<Message, Admin>,
    recovered: Protocol<Message, Admin>,
    bounds: Pick<Bounds, 'epochMax'>,
  ): Outlook<Message>
  readonly renamed: Renaming
}

/**
 * What a member will certainly never do, now and in every state that may follow, also behind crashes. A message that is
 * **spent**, or to which its receiver is **mute** while its sender is **indifferent**, may as well be lost: the explorer
 * leaves it out, and proves in the end that it might.
 */
export interface Outlook<Message> {
  /** This message to the member changes nothing in it, and is not answered. */
  isSpent(from: NodeId, message: Message): boolean
  /** This message to the member changes nothing in it; it may be answered. */
  isMute(from: NodeId, message: Message): boolean
  /** Whatever a member that is mute to this message of ours may answer is spent. */
  isIndifferent(to: NodeId, message: Message): boolean
}

/** The same things as they would be if members had each other's names. */
export interface Renaming {
  /** `start` is that of the member before it was renamed. */
  state(bytes: Uint8Array, start: ProtocolStart, names: Names): Uint8Array
  record(bytes: Uint8Array, names: Names): Uint8Array
  message(bytes: Uint8Array, names: Names): Uint8Array
}
