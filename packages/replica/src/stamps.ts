import { encodeEnvelope } from '@quorate/contracts'
import type { Proposal } from './proposal.js'
import type { ReplicatedState } from './replicated-state.js'
import { noSession } from './sessions/session-table.js'

/** A proposal with its stamps: bytes that were never proposed before. */
export function stampedProposal(proposal: Proposal, { machine, clock }: ReplicatedState): Uint8Array {
  return encodeEnvelope({
    kind: proposal.kind,
    codec: machine.codec,
    machineVersion: machine.version,
    ...clock.stamps(),
    session: proposal.session,
    sessionSequence: proposal.sequence,
    lowestUnacknowledged: proposal.lowestUnacknowledged(),
    command: proposal.command,
  })
}

/** A command that does nothing but let replicated time pass (decision D12). */
export function stampedClock(state: ReplicatedState): Uint8Array {
  const { machine, clock } = state
  return encodeEnvelope({
    kind: 'clock',
    codec: machine.codec,
    machineVersion: machine.version,
    ...clock.stamps(),
    session: noSession,
    sessionSequence: 0,
    lowestUnacknowledged: 0,
    command: new Uint8Array(),
  })
}
