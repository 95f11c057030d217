import { describeError, DialledLink, refusePromise, type NodeId } from '@quorate/contracts'
import { Outgoing, type Surroundings } from './outgoing.js'

/** The way to one peer, over the link that this member asks for. */
export function linkTo(surroundings: Surroundings, peer: NodeId, address: string): DialledLink {
  const { host, random, settings } = surroundings
  const { reconnectMinMs, reconnectMaxMs } = settings
  return new DialledLink(address, {
    environment: host.environment,
    random,
    reconnectMinMs,
    reconnectMaxMs,
    dial: (events) => {
      const base = baseOf(surroundings, peer, address)
      return typeof base === 'string' ? base : new Outgoing(surroundings, peer, base, events)
    },
    onLink: (state, reason) => host.onLink(peer, state, reason),
  })
}

/** Where the peer's paths begin, or what is wrong with the option that says so. */
function baseOf({ settings }: Surroundings, peer: NodeId, address: string): URL | string {
  const own = `${settings.tls ? 'https' : 'http'}://${address}${settings.path}`
  try {
    const given = settings.peerUrl?.(peer, address) ?? own
    refusePromise(given, 'it')
    return new URL(given.replace(/\/$/, ''))
  } catch (error) {
    return `the option peerUrl gives no URL for ${peer}: ${describeError(error)}`
  }
}
