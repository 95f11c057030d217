import { createSecureContext, TLSSocket } from 'node:tls'
import { z } from 'zod'
import { refusePromise } from '../callbacks.js'
import { describeError, QuorateError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { Credentials } from '../transport.js'
import type { MayBeMember } from './peer-certificate.js'
import { peerCertificateOf } from './read-peer-certificate.js'

/** A certificate or a key in PEM. */
export type Pem = string | Uint8Array

const pemSchema: z.ZodType<Pem, Pem> = z.union([z.string().min(1), z.instanceof(Uint8Array)], {
  error: 'must be text or bytes in PEM',
})

const materialSchema = z.strictObject({
  cert: pemSchema,
  key: pemSchema,
  ca: z.union([pemSchema, z.array(pemSchema)]),
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
  readonly requestCert: true
  readonly rejectUnauthorized: true
}

/**
 * The certificates of one member as they are now. What cannot be used, such as a key that was replaced before its
 * certificate, is reported once and leaves the last good ones in use.
 */
export class Certificates {
  readonly #give: () => CertificateMaterial
  readonly #logger: Logger
  #given: TlsOptions
  #good: TlsOptions
  /** What was last told of certificates that cannot be used; null while they can. */
  #told: string | null = null
  #mayBeMember: MayBeMember | undefined

  /** Throws `INVALID_OPTIONS` if there are none to begin with. */
  constructor(option: CertificatesOption, logger: Logger) {
    this.#give = typeof option === 'function' ? option : () => option
    this.#logger = logger
    try {
      const material = this.#give()
      this.#good = this.#given = optionsOf(material)
      this.#mayBeMember = material.mayBeMember
      createSecureContext(this.#good)
    } catch (error) {
      const message = `the certificates of the option "tls" cannot be used: ${describeError(error)}. Give cert, key and ca in PEM`
      throw new QuorateError('INVALID_OPTIONS', message, { cause: error })
    }
  }

  /** The same object for as long as nothing has changed. */
  current(): TlsOptions {
    try {
      const material = this.#give()
      const given = optionsOf(material)
      this.#mayBeMember = material.mayBeMember
      if (isSame(given, this.#given)) {
        if (this.#given === this.#good) this.#told = null
        return this.#good
      }
      this.#given = given
      createSecureContext(given)
      this.#good = given
      this.#told = null
    } catch (error) {
      const reason = describeError(error)
      if (reason === this.#told) return this.#good
      this.#told = reason
      this.#logger.warn({ reason }, `new certificates cannot be used, and the last ones stay: ${reason}`)
    }
    return this.#good
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
    const fields = { name: certificate.name, fingerprint256: certificate.fingerprint256 }
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

function optionsOf(given: CertificateMaterial): TlsOptions {
  refusePromise(given, 'the function of the option "tls"')
  const { cert, key, ca } = materialSchema.parse(given)
  const authorities = Array.isArray(ca) ? ca : [ca]
  return {
    cert: pemOf(cert),
    key: pemOf(key),
    ca: authorities.map(pemOf),
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: true,
  }
}

function pemOf(pem: Pem): string {
  return typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1')
}

function isSame(left: TlsOptions, right: TlsOptions): boolean {
  return left.cert === right.cert && left.key === right.key && left.ca.join() === right.ca.join()
}
