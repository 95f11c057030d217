import type { TLSSocket } from 'node:tls'

/** What a certificate of a trusted authority says of who shows it. */
export interface PeerCertificate {
  /** The common name, if there is exactly one. */
  readonly name: string | null
  readonly organizations: readonly string[]
  readonly organizationalUnits: readonly string[]
  /** As Node.js writes them: `DNS:n1.example`, `URI:spiffe://example/n1`. Names with a comma or a quote stand in quotes. */
  readonly alternativeNames: readonly string[]
  /** The common name of who has signed it. */
  readonly issuer: string | null
  /** SHA-256 of the certificate, as `AB:CD:…`. */
  readonly fingerprint256: string
}

/** Whether who shows this certificate may act as the member whose id is its common name. */
export type MayBeMember = (certificate: PeerCertificate) => boolean

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
