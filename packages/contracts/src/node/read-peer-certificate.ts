import type { TLSSocket } from 'node:tls'
import type { PeerCertificate } from './peer-certificate.js'

/** Reads the certificate of the other side. A socket that has ended has forgotten it: then it says nothing. */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate {
  // Typed as if all of it were there; one that was forgotten has none of it, and a field may be there several times.
  const { subject, issuer, subjectaltname, fingerprint256 }: Partial<ReturnType<TLSSocket['getPeerCertificate']>> =
    socket.getPeerCertificate()
  return {
    name: onlyOf(subject?.CN),
    organizations: textsIn(subject?.O),
    organizationalUnits: textsIn(subject?.OU),
    alternativeNames: subjectaltname?.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g)?.map((each) => each.trim()) ?? [],
    issuer: onlyOf(issuer?.CN),
    fingerprint256: fingerprint256 ?? '',
  }
}

function textsIn(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  return texts.filter((each) => typeof each === 'string')
}

function onlyOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
