import type { OpenStorage, Position, Protocol, ProtocolModule } from '@quorate/contracts'
import type { Events } from './events.js'
import type { IdentityFile } from './identity-file.js'
import type { CheckedOptions } from './options.js'
import type { ReplicatedState } from './replicated-state.js'

/** What a driver is made of: everything opened and recovered. */
export interface DriverParts<Message, Admin> {
  readonly options: CheckedOptions
  readonly module: ProtocolModule<Message, Admin>
  readonly protocol: Protocol<Message, Admin>
  readonly storage: OpenStorage
  readonly identity: IdentityFile
  /** As the storage's snapshot left it, at position `at`; the journal's last record was `recovered`, or 0. */
  readonly state: ReplicatedState
  readonly at: Position
  readonly recovered: number
  readonly events: Events
}
