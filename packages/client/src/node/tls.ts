import { silentLogger } from '@quorate/contracts'
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

/** What a client shows of itself, and whose signature it believes; in PEM. */
export interface ClientTlsMaterial {
  /** The authorities that sign the certificates of gateways; those that Node.js trusts if not said. */
  ca?: Pem | Pem[] | undefined
  /** What the client shows to gateways that ask for it, and its key: both, or neither. */
  cert?: Pem | undefined
  key?: Pem | undefined
  /** The name that every certificate has to carry, instead of the host of the address that is dialled. */
  serverName?: string | undefined
}

/** The material, or what gives it. */
export type ClientTlsOption = ClientTlsMaterial | (() => ClientTlsMaterial)

const materialSchema = z
  .strictObject({
    ca: authoritiesSchema.optional(),
    cert: pemSchema.optional(),
    key: pemSchema.optional(),
    serverName: z
      .string()
      .regex(/^(?![\d.]+$)[A-Za-z0-9._-]{1,253}$/, {
        error: 'must be a name like "quorate.example", and no IP address',
      })
      .optional(),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'must have cert and key, or neither',
  })

/** The option `tls` of a client: the material, or a function that is asked for every connection. */
export const clientTlsSchema: z.ZodType<ClientTlsOption, ClientTlsOption> = z.union([
  materialSchema,
  z.custom<() => ClientTlsMaterial>((given) => typeof given === 'function', {
    error: 'must have ca, cert, key or serverName, or be a function that gives them',
  }),
])

/** What a connection of a client is made with. */
export interface ClientTlsOptions extends PemOptions {
  readonly servername?: string
  readonly rejectUnauthorized: true
}

/** The certificates of a client as they are now. Throws `INVALID_OPTIONS` if they cannot be used to begin with. */
export function clientTls(option: ClientTlsOption): Renewed<ClientTlsOptions> {
  const give = typeof option === 'function' ? option : (): ClientTlsMaterial => option
  return new Renewed(give, optionsOf, silentLogger, 'Give ca, and cert and key where gateways ask for them, in PEM')
}

function optionsOf(material: unknown): ClientTlsOptions {
  const { ca, cert, key, serverName } = materialSchema.parse(material)
  return {
    ...(ca !== undefined && { ca: authoritiesOf(ca) }),
    ...(cert !== undefined && { cert: pemOf(cert) }),
    ...(key !== undefined && { key: pemOf(key) }),
    ...(serverName !== undefined && { servername: serverName }),
    ...tlsDefaults,
    rejectUnauthorized: true,
  }
}
