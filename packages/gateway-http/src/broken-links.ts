import type { PeerStatus } from '@quorate/replica'

/** Which links of a member are not up and why, behind the sentence that says what comes of it; empty if all are up. */
export function describeBrokenLinks(peers: readonly PeerStatus[]): string {
  const broken = peers.flatMap(({ id, link, reason }) =>
    reason === null ? [] : [`its link to ${id} is ${link}: ${reason}`],
  )
  return broken.length === 0 ? '' : `; ${broken.join('; ')}`
}
