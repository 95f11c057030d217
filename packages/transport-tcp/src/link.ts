import { DialledLink, type NodeId } from '@quorate/contracts'
import { Outgoing, type Surroundings } from './outgoing.js'

/** The way to one peer, over the connection that this member dials. */
export function linkTo(surroundings: Surroundings, peer: NodeId, address: string): DialledLink {
  const { host, random, settings } = surroundings
  const { reconnectMinMs, reconnectMaxMs } = settings
  return new DialledLink(address, {
    environment: host.environment,
    random,
    reconnectMinMs,
    reconnectMaxMs,
    dial: (events) => new Outgoing(surroundings, peer, address, events),
    onLink: (state, reason) => host.onLink(peer, state, reason),
  })
}
