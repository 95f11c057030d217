import type { Credentials, NodeId } from '@quorate/contracts'
import { decodeHello, frameVersions, type Hello } from './hello.js'
import type { IdentityFile } from './identity-file.js'
import { differenceOf } from './versions/command-lists.js'
import type { Versions } from './versions/version-list.js'
import type { PeerLife } from './identity.js'

/** The answer to a hello. */
export type Admission =
  { readonly peer: NodeId; readonly clientAddress: string; readonly supports: Versions } | { readonly refuse: string }

/**
 * Decides who may connect (decisions D16, D17 and 0017). Refused are another cluster, protocol or machine, no common
 * version, a certificate for somebody else, an id outside the configuration, and a copy of a member: another incarnation,
 * an older count of starts, a second run under the same count, a journal that has less than the member had vouched for
 * (decision 0011).
 *
 * What it learns of a member is durable before it answers. Of others it learns nothing. `memberOf` looks into the
 * configuration.
 */
export async function admit(
  helloBytes: Uint8Array,
  credentials: Credentials,
  self: Hello,
  identity: IdentityFile,
  memberOf: (id: NodeId) => { readonly incarnation: string | null } | null,
): Promise<Admission> {
  const hello = decodeHello(helloBytes)
  if ('refuse' in hello) return hello
  const foreign = refusalOfForeigner(hello, credentials, self)
  if (foreign !== null) return { refuse: foreign }
  const member = memberOf(hello.self)
  if (member === null) return { refuse: refusalOfOutsider(hello) }
  const known = identity.lifeOf(hello.self)
  const copy = refusalOfCopy(hello, known, member.incarnation)
  if (copy !== null) return { refuse: copy }
  if (known?.incarnation !== hello.incarnation || known.run !== hello.run) {
    const { incarnation, starts, run } = hello
    const before = known?.incarnation === incarnation ? known.persisted : 0
    await identity.learn(hello.self, { incarnation, starts, run, persisted: Math.max(before, hello.recovered) })
  }
  return { peer: hello.self, clientAddress: hello.clientAddress, supports: hello.supports }
}

function refusalOfForeigner(hello: Hello, credentials: Credentials, self: Hello): string | null {
  if (hello.clusterId !== self.clusterId) {
    return `WRONG_CLUSTER: ${hello.self} is of cluster ${hello.clusterId}, and ${self.self} of ${self.clusterId}: check the options "cluster" and "members"`
  }
  if (credentials.how === 'mutualTls' && credentials.name !== hello.self) {
    return `MEMBER_IMPOSTOR: the certificate is for "${credentials.name ?? 'nobody'}" and the hello says "${hello.self}"`
  }
  if (hello.self === self.self) {
    return hello.run === self.run
      ? `MEMBER_IMPOSTOR: ${self.self} has reached itself: check the addresses in the option "members"`
      : `MEMBER_IMPOSTOR: two processes call themselves "${self.self}": stop one of them`
  }
  if (hello.protocol !== self.protocol) {
    return `${hello.self} runs the protocol ${hello.protocol}, and ${self.self} runs ${self.protocol}`
  }
  if (hello.versions.oldest > frameVersions.newest || hello.versions.newest < frameVersions.oldest) {
    const theirs = `${hello.versions.oldest} to ${hello.versions.newest}`
    const ours = `${frameVersions.oldest} to ${frameVersions.newest}`
    return `no common protocol version: ${hello.self} speaks ${theirs}, and ${self.self} ${ours}: upgrade the older one`
  }
  return differenceOf(self.machine, hello.machine, { us: self.self, them: hello.self })
}

/** Until membership changes exist, all who are of this cluster know the same ids: its id is made of them (decision D18). */
function refusalOfOutsider(hello: Hello): string {
  return `NOT_A_MEMBER: "${hello.self}" is not in the configuration of this cluster: check the options "id" and "members"`
}

function refusalOfCopy(hello: Hello, known: PeerLife | null, bound: string | null): string | null {
  const expected = bound ?? known?.incarnation ?? hello.incarnation
  if (hello.incarnation !== expected) {
    return (
      `MEMBER_IMPOSTOR: ${hello.self} comes with another data directory (incarnation ${hello.incarnation}, expected ${expected}). ` +
      'Start it with its old directory, or remove the member and add it again'
    )
  }
  if (!known || known.incarnation !== hello.incarnation) return null
  if (hello.starts < known.starts) {
    return staleDirectory(hello.self, `has started ${hello.starts} times and was seen at ${known.starts}`)
  }
  if (hello.starts === known.starts && hello.run !== known.run) {
    return `MEMBER_IMPOSTOR: two processes run as ${hello.self} on copies of one data directory: stop the copy`
  }
  if (hello.run !== known.run && hello.recovered < known.persisted) {
    const what = `comes back with a journal up to record ${hello.recovered}, and had vouched for record ${known.persisted}`
    return staleDirectory(hello.self, what)
  }
  return null
}

/**
 * The member itself is told the same, and stops: what it has forgotten it may have acknowledged, and then others count on
 * it. The text begins as {@link isToldStale} expects.
 */
function staleDirectory(member: NodeId, what: string): string {
  return (
    `STALE_DIRECTORY: ${member} ${what}: its data directory is an older copy, or has lost its end. Start it with the ` +
    'directory that it used last. If that is lost, leave this member out: while a majority of the others is intact they ' +
    'go on without it, and otherwise `quorate-storage recover` begins another cluster with what is left'
  )
}

/** True if the other side has refused this member because of its directory, and not this member the other side. */
export function isToldStale(reason: string, self: NodeId): boolean {
  return reason.includes(`STALE_DIRECTORY: ${self} `)
}
