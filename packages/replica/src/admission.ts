import { equalBytes, type Credentials, type NodeId } from '@quorate/contracts'
import { decodeHello, frameVersions, type Hello, type Introduction } from './hello.js'
import { recordsStepMax, type IdentityFile } from './identity-file.js'
import { differenceOf } from './versions/command-lists.js'
import type { Versions } from './versions/version-list.js'
import type { PeerLife } from './identity.js'

/**
 * A refusal as the other side is told: that something differs, and what to do. What would have been right is for the own
 * log: whoever asks may be nobody's member, and must not learn from one refusal how to come by the next (decision 0017).
 */
export interface Refusal {
  readonly refuse: string
  readonly detail?: string
}

/**
 * How much further than what is known of a member one hello brings it, where nothing but a hello says who it is. Under
 * mutual TLS it is the member that says it.
 */
export const startsStepMax = 100_000

/** Nothing of such a hello is believed: whoever sends it may have heard or been given it. */
const refusalOfRepetition =
  'MEMBER_IMPOSTOR: the hello answers another connection, so it may have been overheard. Find out who repeats it, or give ' +
  'all members the option tls'

/** The answer to a hello. */
export type Admission = { readonly peer: NodeId; readonly clientAddress: string; readonly supports: Versions } | Refusal

/**
 * Decides who may connect (decisions D16, D17 and 0017). Refused are a hello that answers another challenge than the one
 * that was drawn for this connection, before anything else of it is believed, one that is for another member, another cluster, protocol or machine, no common
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
  challenge: Uint8Array,
  self: Introduction,
  identity: IdentityFile,
  memberOf: (id: NodeId) => { readonly incarnation: string | null } | null,
): Promise<Admission> {
  const hello = decodeHello(helloBytes)
  if ('refuse' in hello) return hello
  if (!equalBytes(hello.challenge, challenge)) return { refuse: refusalOfRepetition }
  const foreign = refusalOfForeigner(hello, credentials, self)
  if (foreign !== null) return foreign
  const member = memberOf(hello.self)
  if (member === null) return { refuse: refusalOfOutsider(hello) }
  const known = identity.lifeOf(hello.self)
  const copy = refusalOfCopy(hello, known, member.incarnation) ?? refusalOfJump(hello, known, credentials)
  if (copy !== null) return copy
  if (known?.incarnation !== hello.incarnation || known.run !== hello.run) {
    const { incarnation, starts, run } = hello
    const before = known?.incarnation === incarnation ? known.persisted : 0
    await identity.learn(hello.self, { incarnation, starts, run, persisted: Math.max(before, hello.recovered) })
  }
  return { peer: hello.self, clientAddress: hello.clientAddress, supports: hello.supports }
}

function refusalOfForeigner(hello: Hello, credentials: Credentials, self: Introduction): Refusal | null {
  if (hello.clusterId !== self.clusterId) {
    const refuse = `WRONG_CLUSTER: ${hello.self} and ${self.self} are of different clusters: check the options "cluster" and "members"`
    return { refuse, detail: `${refuse} (that one is of ${hello.clusterId}, this one of ${self.clusterId})` }
  }
  const refuse = refusalOfClaim(hello, credentials, self) ?? refusalOfVersions(hello, self)
  return refuse === null ? null : { refuse }
}

function refusalOfClaim(hello: Hello, credentials: Credentials, self: Introduction): string | null {
  if (credentials.how === 'mutualTls' && credentials.name !== hello.self) {
    return credentials.name === null
      ? `MEMBER_IMPOSTOR: the certificate that was shown is no member's, and the hello says "${hello.self}"`
      : `MEMBER_IMPOSTOR: the certificate is for "${credentials.name}" and the hello says "${hello.self}"`
  }
  if (hello.self !== self.self) return hello.to === self.self ? null : refusalOfMisdirected(hello, self)
  return hello.run === self.run
    ? `MEMBER_IMPOSTOR: ${self.self} has reached itself: check the addresses in the option "members"`
    : `MEMBER_IMPOSTOR: two processes call themselves "${self.self}": stop one of them`
}

/** Somebody hands on what it was told, or an address is another member's. */
function refusalOfMisdirected({ self: from, to }: Hello, self: Introduction): string {
  return `MEMBER_IMPOSTOR: the hello of ${from} is for "${to}", and this is ${self.self}: check the addresses in the option "members"`
}

function refusalOfVersions(hello: Hello, self: Introduction): string | null {
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

function refusalOfCopy(hello: Hello, known: PeerLife | null, bound: string | null): Refusal | null {
  const expected = bound ?? known?.incarnation ?? hello.incarnation
  if (hello.incarnation !== expected) {
    const refuse =
      `MEMBER_IMPOSTOR: ${hello.self} comes with another data directory (another incarnation). ` +
      'Start it with its old directory, or remove the member and add it again'
    return { refuse, detail: `${refuse} (incarnation ${hello.incarnation}, expected ${expected})` }
  }
  if (!known || known.incarnation !== hello.incarnation) return null
  if (hello.starts < known.starts) {
    const detail = `it has started ${hello.starts} times and was seen at ${known.starts}`
    return staleDirectory(hello.self, 'has started less often than it had', detail)
  }
  if (hello.starts === known.starts && hello.run !== known.run) {
    const refuse = `MEMBER_IMPOSTOR: two processes run as ${hello.self} on copies of one data directory: stop the copy`
    return { refuse }
  }
  if (hello.run !== known.run && hello.recovered < known.persisted) {
    const detail = `its journal reaches record ${hello.recovered}, and it had vouched for record ${known.persisted}`
    return staleDirectory(hello.self, 'comes back with a journal that has less than it had vouched for', detail)
  }
  return null
}

/** What is believed once is durable, and the member itself would be refused by it: a forged hello must not be. */
function refusalOfJump(hello: Hello, known: PeerLife | null, credentials: Credentials): Refusal | null {
  if (credentials.how === 'mutualTls') return null
  const { starts, persisted } = known?.incarnation === hello.incarnation ? known : { starts: 0, persisted: 0 }
  if (hello.starts <= starts + startsStepMax && hello.recovered <= persisted + recordsStepMax) return null
  const refuse =
    `MEMBER_IMPOSTOR: ${hello.self} says that it has started more often, or written more, than it can have since it was ` +
    'last heard. Find out who says so, or give all members the option tls'
  const detail = `${refuse} (${hello.starts} starts after ${starts}, ${hello.recovered} records after ${persisted})`
  return { refuse, detail }
}

/**
 * The member itself is told the same, and stops: what it has forgotten it may have acknowledged, and then others count on
 * it. The text begins as {@link isToldStale} expects.
 */
function staleDirectory(member: NodeId, what: string, detail: string): Refusal {
  const refuse =
    `STALE_DIRECTORY: ${member} ${what}: its data directory is an older copy, or has lost its end. Start it with the ` +
    'directory that it used last. If that is lost, leave this member out: while a majority of the others is intact they ' +
    'go on without it, and otherwise `quorate-storage recover` begins another cluster with what is left'
  return { refuse, detail: `${refuse} (${detail})` }
}

/** True if the other side has refused this member because of its directory, and not this member the other side. */
export function isToldStale(reason: string, self: NodeId): boolean {
  return reason.includes(`STALE_DIRECTORY: ${self} `)
}
