import { QuorateError, type NodeId, type Settled } from '@quorate/contracts'
import type { LeaderView } from './leader-view.js'

/** How a request ended, if not by an answer: what a protocol says, and what a driver refuses before that. */
export type Ending = Settled | DriverRefusal

/** The driver of the member that leads refused it, before anything was given to the protocol. */
export interface DriverRefusal {
  readonly kind: 'refused'
  /** It was given to another cluster than the one that it came to · its version of the machine is not active there yet. */
  readonly reason: 'wrongCluster' | 'versionNotActive'
  readonly leader: NodeId | null
  readonly detail: string
}

/** The refusal of a member that does not lead, with the way to the one that does. */
export function notLeader(leader: LeaderView, id: NodeId | null = leader.id): QuorateError {
  const clientAddress = leader.clientAddressOf(id)
  const where = clientAddress === null ? '' : ` at ${clientAddress}`
  const message = id === null ? 'this member does not lead' : `this member does not lead: ask ${id}${where}`
  return new QuorateError('NOT_LEADER', message, { leader: id === null ? null : { id, clientAddress } })
}

/** Why the state did not take a command of a session, though it was committed. */
export const noRoomInSession =
  'the session, or all of them together, hold as many unacknowledged answers as they may: wait for earlier commands'

/** The error for how a request ended, if not by an answer. `what` names the request in messages. */
export function errorOfRefusal(result: Ending, what: string, leader: LeaderView): QuorateError {
  switch (result.kind) {
    case 'overwritten':
      return new QuorateError('OVERWRITTEN', `${what} lost its place to another leader's entry: it did not happen`)
    case 'unknown':
      return new QuorateError('LEADERSHIP_LOST', `${what} may have happened: its place was skipped by a snapshot`)
    case 'done':
      return new QuorateError('UNSUPPORTED', `${what} ended without an answer: it may have happened`, {
        outcome: 'unknown',
      })
    case 'refused':
      return errorOfReason(result, what, leader)
  }
}

function errorOfReason(refused: Extract<Ending, { kind: 'refused' }>, what: string, leader: LeaderView): QuorateError {
  const message = `${what} was refused: ${refused.detail}`
  switch (refused.reason) {
    case 'notLeader':
      return notLeader(leader, refused.leader)
    case 'overloaded':
      return new QuorateError('OVERLOADED', `${message}. Try again shortly`)
    case 'inProgress':
      return new QuorateError('MEMBERSHIP_CHANGE_IN_PROGRESS', message)
    case 'invalid':
      return new QuorateError('INVALID_COMMAND', message)
    case 'tooLarge':
      return new QuorateError('COMMAND_TOO_LARGE', message)
    case 'wrongCluster':
      return new QuorateError('WRONG_CLUSTER', message, { outcome: 'notDone' })
    case 'versionNotActive':
      return new QuorateError('VERSION_NOT_ACTIVE', message)
    case 'unsupported':
      return new QuorateError('UNSUPPORTED', message)
  }
}
