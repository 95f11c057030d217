import { constants } from 'node:crypto'
import { z } from 'zod'

/** A certificate or a key in PEM. */
export type Pem = string | Uint8Array

/** Text or bytes in PEM. */
export const pemSchema: z.ZodType<Pem, Pem> = z.union([z.string().min(1), z.instanceof(Uint8Array)], {
  error: 'must be text or bytes in PEM',
})

/** One authority, or several. */
export const authoritiesSchema: z.ZodType<Pem | Pem[], Pem | Pem[]> = z.union([pemSchema, z.array(pemSchema).min(1)])

/** The text of it. */
export function pemOf(pem: Pem): string {
  return typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1')
}

/** The texts of authorities. Throws for one without a certificate: Node.js takes it, and would then trust nobody. */
export function authoritiesOf(ca: Pem | Pem[]): string[] {
  const texts = (Array.isArray(ca) ? ca : [ca]).map(pemOf)
  if (!texts.every((text) => certificatePattern.test(text))) throw new TypeError('ca holds no certificate in PEM')
  return texts
}

const certificatePattern = /-----BEGIN ([A-Z0-9]+ )?CERTIFICATE-----/

/**
 * What every TLS of ours has: 1.2 or newer, no renegotiation, and no resumption of an earlier connection: each connection
 * shows its certificates anew, and they are looked at as they are then.
 */
export const tlsDefaults: { readonly minVersion: 'TLSv1.2'; readonly secureOptions: number } = {
  minVersion: 'TLSv1.2',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
}
