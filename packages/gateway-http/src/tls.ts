import type { Logger } from '@quorate/contracts'
import {
  authoritiesOf,
  authoritiesSchema,
  pemOf,
  pemSchema,
  Renewed,
  tlsDefaults,
  type Pem,
  type PemOptions,
} from '@quorate/contracts/node'
import { z } from 'zod'

/** What a gateway shows of itself, and whose signature it wants of its clients; in PEM. */
export interface GatewayTlsMaterial {
  cert: Pem
  key: Pem
  /** Given: every client has to show a certificate that one of these has signed. Not given: the gateway only encrypts. */
  ca?: Pem | Pem[] | undefined
}

/** The material, or what gives it. */
export type GatewayTlsOption = GatewayTlsMaterial | (() => GatewayTlsMaterial)

const materialSchema = z.strictObject({ cert: pemSchema, key: pemSchema, ca: authoritiesSchema.optional() })

/** The option `tls` of a gateway: the material, or a function that is asked for every connection. */
export const gatewayTlsSchema: z.ZodType<GatewayTlsOption, GatewayTlsOption> = z.union([
  materialSchema,
  z.custom<() => GatewayTlsMaterial>((given) => typeof given === 'function', {
    error: 'must have cert and key, or be a function that gives them',
  }),
])

/** What a server of https is made with. */
export interface GatewayTlsOptions extends PemOptions {
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
}

/**
 * The certificates of a gateway as they are now. Whether clients are asked for theirs is settled with the first ones: a
 * file of authorities that went missing lets nobody in.
 */
export function gatewayTls(option: GatewayTlsOption, logger: Logger): Renewed<GatewayTlsOptions> {
  let asks: boolean | null = null
  const read = (given: unknown): GatewayTlsOptions => {
    const { cert, key, ca } = materialSchema.parse(given)
    asks ??= ca !== undefined
    if (asks !== (ca !== undefined)) throw new TypeError('ca can be neither added nor left out without a restart')
    return {
      cert: pemOf(cert),
      key: pemOf(key),
      ...(ca !== undefined && { ca: authoritiesOf(ca) }),
      ...tlsDefaults,
      requestCert: asks,
      rejectUnauthorized: asks,
    }
  }
  const give = typeof option === 'function' ? option : (): GatewayTlsMaterial => option
  return new Renewed(give, read, logger, 'Give cert and key, and ca where clients have to show theirs, in PEM')
}
