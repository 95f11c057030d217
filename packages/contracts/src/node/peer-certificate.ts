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

/** Whether who shows this certificate may act as a client; null: a connection without TLS, or without a checked certificate. */
export type MayBeClient = (certificate: PeerCertificate | null) => boolean
