import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger, type Logger, type Transport } from '@quorate/contracts'
import { httpTransport, tcpTransport } from 'quorate'
import { z } from 'zod'

/** What members talk through. */
export const transportNames = ['tcp', 'tcp with TLS', 'http with a token', 'http with TLS'] as const
export type TransportName = (typeof transportNames)[number]

/** A member's certificate with its key, and the authority that it trusts; in PEM. */
export const certificatesSchema = z.strictObject({ cert: z.string(), key: z.string(), ca: z.string() })
export type Certificates = z.infer<typeof certificatesSchema>

/** Those of a member, as `tools/certificates/cluster.sh` lays them out. */
export function certificatesIn(directory: string, id: string): Certificates {
  const pem = (name: string): string => readFileSync(join(directory, `${name}.pem`), 'utf8')
  return { cert: pem(id), key: pem(`${id}.key`), ca: pem('authority') }
}

const token = 'sixteen-or-more-letters'

/** `listen`: where, if it is not the address that the others are told. */
export function transportOf(
  name: TransportName,
  tls: Certificates,
  { listen, logger = silentLogger }: { readonly listen?: string; readonly logger?: Logger },
): Transport {
  const quick = { reconnectMaxMs: 200, logger, ...(listen !== undefined && { listen }) }
  switch (name) {
    case 'tcp':
      return tcpTransport(quick)
    case 'tcp with TLS':
      return tcpTransport({ ...quick, tls })
    case 'http with a token':
      return httpTransport({ ...quick, token })
    case 'http with TLS':
      return httpTransport({ ...quick, tls })
  }
}
