import type { Credentials, NodeId } from '@quorate/contracts'
import { decodeHello, frameVersions, type Hello } from './hello.js'
import type { IdentityFile } from './identity-file.js'
import { differenceOf } from './versions/command-lists.js'
import type { Versions } from './versions/version-list.js'

/** The answer to a hello. */
export type Admission =
  { readonly peer: NodeId; readonly address: string; readonly supports: Versions } | { readonly refuse: string }

/**
 * Decides who may connect (decisions D16 and D17). Refused are another cluster, protocol or machine, no common version, a
 * certificate for somebody else, and a copy of a member: another incarnation, an older count of starts, a second run
 * under the same count. An id outside the configuration is **not** refused: this member may be the one that lags.
 *
 * What it learns of a peer is durable before it answers.
 */
export async function admit(
  helloBytes: Uint8Array,
  credentials: Credentials,
  self: Hello,
  identity: IdentityFile,
  boundIncarnation: (peer: NodeId) => string | null,
): Promise<Admission> {
  const hello = decodeHello(helloBytes)
  if ('refuse' in hello) return hello
  const foreign = refusalOfForeigner(hello, credentials, self)
  if (foreign !== null) return { refuse: foreign }
  const known = identity.current.peers.get(hello.self)
  const bound = boundIncarnation(hello.self)
  const copy = refusalOfCopy(hello, known ?? null, bound)
  if (copy !== null) return { refuse: copy }
  if (!known || known.incarnation !== hello.incarnation || known.run !== hello.run) {
    await identity.learn(hello.self, { incarnation: hello.incarnation, starts: hello.starts, run: hello.run })
  }
  return { peer: hello.self, address: hello.address, supports: hello.supports }
}

function refusalOfForeigner(hello: Hello, credentials: Credentials, self: Hello): string | null {
  if (hello.clusterId !== self.clusterId) {
    return `WRONG_CLUSTER: ${hello.self} is of cluster ${hello.clusterId}, and ${self.self} of ${self.clusterId}: check the options "cluster" and "members"`
  }
  if (credentials.how === 'mutualTls' && credentials.name !== hello.self) {
    return `MEMBER_IMPOSTOR: the certificate is for "${credentials.name ?? 'nobody'}" and the hello says "${hello.self}"`
  }
  if (hello.self === self.self && hello.run !== self.run) {
    return `MEMBER_IMPOSTOR: two processes call themselves "${self.self}": stop one of them`
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

function refusalOfCopy(
  hello: Hello,
  known: { readonly incarnation: string; readonly starts: number; readonly run: string } | null,
  bound: string | null,
): string | null {
  const expected = bound ?? known?.incarnation ?? hello.incarnation
  if (hello.incarnation !== expected) {
    return (
      `MEMBER_IMPOSTOR: ${hello.self} comes with another data directory (incarnation ${hello.incarnation}, expected ${expected}). ` +
      'Start it with its old directory, or remove the member and add it again'
    )
  }
  if (!known || known.incarnation !== hello.incarnation) return null
  if (hello.starts < known.starts) {
    return (
      `MEMBER_IMPOSTOR: ${hello.self} has started ${hello.starts} times and was seen at ${known.starts}: its data directory is an old copy. ` +
      'Remove the member and add it again with an empty directory'
    )
  }
  if (hello.starts === known.starts && hello.run !== known.run) {
    return `MEMBER_IMPOSTOR: two processes run as ${hello.self} on copies of one data directory: stop the copy`
  }
  return null
}
