import { QuorateError, type MachineModule } from '@quorate/contracts'
import type { Proposal } from '../proposal.js'

/** Why a leader does not bring a member's command into the log. */
export interface Unfit {
  readonly reason: 'invalid' | 'tooLarge' | 'versionNotActive'
  readonly detail: string
}

/** What a leader checks a command of another member by. */
export interface Yardstick {
  readonly machine: Pick<MachineModule, 'codec' | 'sinceOf'>
  readonly activeVersion: number
  readonly commandBytesMax: number
}

/**
 * Looks at a command that another member hands over, before it goes into the log: what is committed has to be one that
 * every member can read (decision D26). Null: it is fit.
 */
export function whyUnfit(proposal: Proposal, { machine, activeVersion, commandBytesMax }: Yardstick): Unfit | null {
  const { kind, codec, machineVersion, command } = proposal
  if (kind !== 'command') return null
  if (command.length > commandBytesMax) {
    return {
      reason: 'tooLarge',
      detail: `it has ${command.length} bytes and the limit of the leader is ${commandBytesMax}`,
    }
  }
  if (machineVersion > activeVersion) return notActive(machineVersion, activeVersion)
  if (codec !== machine.codec) {
    return {
      reason: 'invalid',
      detail: `it is in the codec ${codec}, and the machine of the leader has ${machine.codec}`,
    }
  }
  try {
    const since = machine.sinceOf?.(command) ?? machineVersion
    return since > activeVersion ? notActive(since, activeVersion) : null
  } catch (error) {
    if (error instanceof QuorateError) return { reason: 'invalid', detail: error.message }
    throw error
  }
}

function notActive(since: number, active: number): Unfit {
  const detail = `it exists since version ${since} of the machine, and version ${active} is active at the leader`
  return { reason: 'versionNotActive', detail }
}
