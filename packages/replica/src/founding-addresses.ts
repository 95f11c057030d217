import { QuorateError, type Member, type Members } from '@quorate/contracts'
import type { Events } from './events.js'

/**
 * Refuses addresses at which nobody can be reached, at the first start: there the options count, and a slip would be kept.
 * Throws `INVALID_OPTIONS` and names each.
 */
export function refuseUnreachable(founders: Members): void {
  const problems = founders.flatMap(({ id, address, clientAddress }) => [
    ...problemsOf(`members.${id}`, address),
    ...(clientAddress === null ? [] : problemsOf(`members.${id}.clientAddress`, clientAddress)),
  ])
  const owners = new Map<string, string>()
  for (const { id, address } of founders) {
    const other = owners.get(address)
    if (other !== undefined) problems.push(`${other} and ${id} have one address, ${address}: each member needs its own`)
    owners.set(address, id)
  }
  if (problems.length > 0) throw new QuorateError('INVALID_OPTIONS', problems.join('; '))
}

function problemsOf(where: string, address: string): string[] {
  const colon = address.lastIndexOf(':')
  const [host, port] = [address.slice(0, colon), address.slice(colon + 1)]
  const hint = 'give the address at which others reach it; where it listens is an option of the transport'
  if (/^(0\.0\.0\.0|\[(::|0(:0){7})\])$/.test(host)) return [`${where}: nobody can be reached at ${address}: ${hint}`]
  return Number(port) === 0 ? [`${where}: port 0 of ${address} is another one at each start: ${hint}`] : []
}

/** Tells what the options say otherwise than the founding members that hold, each field by itself. */
export function warnOfDifferences(founded: Members, given: Members, events: Events): void {
  const differences = founded.flatMap((member) =>
    differencesOf(
      member,
      given.find(({ id }) => id === member.id),
    ),
  )
  if (differences.length === 0) return
  const message =
    `${differences.join('; ')}. What was agreed holds: the option counts only until something was agreed. ` +
    'Give the member its old address again, or a name that moves with it; or stop the cluster and give new ones to "quorate-storage recover"'
  events.warn('MEMBERS_DIFFER', message)
}

function differencesOf(founded: Member, given: Member | undefined): string[] {
  if (!given || given.address === founded.address) return []
  return [`the address of ${founded.id} is ${founded.address}, and the option "members" says ${given.address}`]
}
