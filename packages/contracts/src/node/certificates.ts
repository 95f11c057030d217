import { TLSSocket } from 'node:tls'
import { z } from 'zod'
import { refusePromise } from '../callbacks.js'
import { describeError } from '../errors.js'
import { LineLimit } from '../line-limit.js'
import type { Logger } from '../logger.js'
import type { Credentials } from '../transport.js'
import { nodeEnvironment } from './environment.js'
import type { MayBeMember, PeerCertificate } from './peer-certificate.js'
import { authoritiesOf, authoritiesSchema, pemOf, pemSchema, tlsDefaults, type Pem } from './pem.js'
import { peerCertificateOf } from './read-peer-certificate.js'
import { Renewed } from './renewed.js'

const materialSchema = z.strictObject({
  cert: pemSchema,
  key: pemSchema,
  ca: authoritiesSchema,
  mayBeMember: z
    .custom<MayBeMember>((given) => typeof given === 'function', { error: 'must be a function of a certificate' })
    .optional(),
})

/** What a member shows of itself, and whose signature it believes; in PEM. */
export interface CertificateMaterial {
  cert: Pem
  key: Pem
  ca: Pem | Pem[]
  /**
   * Narrows down whose certificates count, where the authority signs others than members: by organizational unit, say.
   * Beside it the common name has to be the id of a member of the configuration, always. One that throws refuses.
   */
  mayBeMember?: MayBeMember | undefined
}

/** The material, or what gives it. */
export type CertificatesOption = CertificateMaterial | (() => CertificateMaterial)

/**
 * The option for mutual TLS: the material, or a function that gives it. The function is asked for every connection, so
 * that files which were replaced are used without a restart.
 */
export const certificatesSchema: z.ZodType<CertificatesOption, CertificatesOption> = z.union([
  materialSchema,
  z.custom<() => CertificateMaterial>((given) => typeof given === 'function', {
    error: 'must have cert, key and ca, or be a function that gives them',
  }),
])

/** What a socket of mutual TLS is made with. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
  readonly ca: string[]
  readonly minVersion: 'TLSv1.2'
  readonly secureOptions: number
  readonly requestCert: true
  readonly rejectUnauthorized: true
}

/** The certificates of one member as they are now (see {@link Renewed}). */
export class Certificates {
  readonly #logger: Logger
  readonly #renewed: Renewed<TlsOptions>
  /** Lines about refused certificates: per address. */
  readonly #lines: LineLimit
  #mayBeMember: MayBeMember | undefined

  /** Throws `INVALID_OPTIONS` if there are none to begin with. */
  constructor(option: CertificatesOption, logger: Logger) {
    this.#logger = logger
    this.#lines = new LineLimit(nodeEnvironment(), (from, leftOut) =>
      logger.warn({ from, leftOut }, `${leftOut} more certificates of ${from} were refused by mayBeMember`),
    )
    const read = (given: unknown): TlsOptions => {
      const material = materialSchema.parse(given)
      this.#mayBeMember = material.mayBeMember
      return optionsOf(material)
    }
    const give = typeof option === 'function' ? option : (): CertificateMaterial => option
    this.#renewed = new Renewed(give, read, logger, 'Give cert, key and ca in PEM')
  }

  /** The same object for as long as nothing has changed. */
  current(): TlsOptions {
    return this.#renewed.current()
  }

  /** Says at once how many lines about refused certificates were left out. */
  close(): void {
    this.#lines.close()
  }

  /** What a connection has proved. A certificate that may not be a member's proves the name of nobody. */
  credentialsOf(socket: unknown): Credentials {
    const proved = credentialsOf(socket)
    if (!(socket instanceof TLSSocket) || proved.name === null || this.#isMembers(socket)) return proved
    return { ...proved, name: null }
  }

  #isMembers(socket: TLSSocket): boolean {
    if (!this.#mayBeMember) return true
    const certificate = peerCertificateOf(socket)
    let reason = ''
    try {
      const answer: unknown = this.#mayBeMember(certificate)
      refusePromise(answer, 'mayBeMember of the option "tls"')
      if (answer === true) return true
    } catch (error) {
      reason = `, which failed: ${describeError(error)}`
    }
    const from = socket.remoteAddress ?? 'somebody'
    if (!this.#lines.take(from)) return false
    const fields = { from, name: certificate.name, fingerprint256: certificate.fingerprint256 }
    this.#logger.warn(fields, `a certificate was refused by mayBeMember of the option "tls"${reason}`)
    return false
  }
}

/** What a connection has proved: the common name in the certificate of the other side, if that was checked. */
export function credentialsOf(socket: unknown): Credentials {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return { name: null, how: 'none' }
  const { subject } = socket.getPeerCertificate()
  // A socket that has ended has forgotten its certificate; a certificate may name nobody, or several.
  const name: unknown = subject?.CN
  return { name: typeof name === 'string' ? name : null, how: 'mutualTls' }
}

/** The certificate of the other side, where it was asked for, shown and checked; null in every other case. */
export function checkedCertificateOf(socket: unknown): PeerCertificate | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null
  const certificate = peerCertificateOf(socket)
  return certificate.fingerprint256 === '' ? null : certificate
}

function optionsOf({ cert, key, ca }: CertificateMaterial): TlsOptions {
  return {
    cert: pemOf(cert),
    key: pemOf(key),
    ca: authoritiesOf(ca),
    ...tlsDefaults,
    requestCert: true,
    rejectUnauthorized: true,
  }
}
