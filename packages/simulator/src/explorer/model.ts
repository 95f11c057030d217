import type { Input, Protocol, ProtocolModule } from '@quorate/contracts'
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
  /** Messages that arrive twice. */
  readonly duplicates: number
}

/** What the explorer has to know of a protocol: how to let time pass, and how to look inside. */
export interface Explored<Message, Admin> {
  readonly module: ProtocolModule<Message, Admin>
  /** What a member is given that has waited in vain: it wants to lead. */
  readonly timeout: readonly Input<Message, Admin>[]
  /** What a leader is given for a heartbeat. */
  readonly beat: readonly Input<Message, Admin>[]
  /** Takes out of an exported state what says nothing of what can happen: the place of the dice. Changes the bytes in place. */
  normalize(state: Uint8Array): Uint8Array
  inspect(protocol: Protocol<Message, Admin>): Inspection
}
