import { encodeEnvelope } from '@quorate/contracts'
import type { Proposal } from './proposal.js'
import type { ReplicatedState } from './replicated-state.js'
import { noNonce, noSession } from './sessions/session.js'
import { encodeVersions, firstVersion, type Versions } from './versions/version-list.js'

/**
 * A proposal with its stamps: bytes that were never proposed before. Codec and version are those of whoever proposed it, and
 * never of the leader's own code.
 */
export function stampedProposal(proposal: Proposal, { clock }: ReplicatedState): Uint8Array {
  return encodeEnvelope({
    kind: proposal.kind,
    cluster: proposal.cluster,
    codec: proposal.codec,
    machineVersion: proposal.machineVersion,
    ...clock.stamps(),
    session: proposal.session,
    sessionNonce: proposal.nonce,
    sessionSequence: proposal.sequence,
    lowestUnacknowledged: proposal.lowestUnacknowledged(),
    command: proposal.command,
  })
}

/** What activates versions in the whole cluster, from its position on (decision D26). */
export function stampedActivation(versions: Versions, state: ReplicatedState, cluster: Uint8Array): Uint8Array {
  return stampedByLeader('activate', encodeVersions(versions), state, cluster)
}

/** A command that does nothing but let replicated time pass (decision D12). */
export function stampedClock(state: ReplicatedState, cluster: Uint8Array): Uint8Array {
  return stampedByLeader('clock', new Uint8Array(), state, cluster)
}

/** An envelope of the leader's own: it belongs to no session, and every version of a machine can read it. */
function stampedByLeader(
  kind: 'activate' | 'clock',
  command: Uint8Array,
  { machine, clock }: ReplicatedState,
  cluster: Uint8Array,
): Uint8Array {
  return encodeEnvelope({
    kind,
    cluster,
    codec: machine.codec,
    machineVersion: firstVersion,
    ...clock.stamps(),
    session: noSession,
    sessionNonce: noNonce,
    sessionSequence: 0,
    lowestUnacknowledged: 0,
    command,
  })
}
