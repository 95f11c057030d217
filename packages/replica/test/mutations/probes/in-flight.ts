import { position, token, type Token } from '@quorate/contracts'
import type { Proposal } from '../../../src/proposal.js'
import { ProposalsInFlight } from '../../../src/proposals-in-flight.js'

const proposal: Proposal = {
  kind: 'command',
  cluster: new Uint8Array(16),
  codec: 'codec-1',
  machineVersion: 1,
  session: position(7),
  nonce: new Uint8Array(16).fill(1),
  sequence: 4,
  lowestUnacknowledged: () => 1,
  command: Uint8Array.of(1, 2, 3),
}
const [first, second, third] = [token(1), token(2), token(3)]
const sameTokens = (left: readonly Token[], right: readonly Token[]): boolean => left.join() === right.join()

/** Copies of what is in flight are joined to it and end with it, and nothing else is. */
export function copiesEndTogether(): string | null {
  const inFlight = new ProposalsInFlight()
  inFlight.add(first, proposal, 5)
  const others: readonly (readonly [string, Partial<Proposal>])[] = [
    ['with other bytes', { command: Uint8Array.of(1, 2, 4) }],
    ['of another caller', { nonce: new Uint8Array(16) }],
    ['of another version', { machineVersion: 2 }],
  ]
  for (const [what, other] of others) {
    if (inFlight.join(third, { ...proposal, ...other }, 5)) return `a command ${what} was joined`
  }
  if (inFlight.join(third, proposal, 6)) return 'a copy was joined to what an earlier leadership proposed'
  if (!inFlight.join(second, { ...proposal, command: proposal.command.slice() }, 5)) return 'a copy was not joined'
  if (!sameTokens(inFlight.end(first), [first, second])) return 'what was joined did not end'
  if (inFlight.join(third, proposal, 5)) return 'a copy was joined to what had ended'
  return inFlight.size === 0 ? null : `${inFlight.size} are left of what has ended`
}
