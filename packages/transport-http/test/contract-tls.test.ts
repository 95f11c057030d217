import { transportContract } from '@quorate/conformance'
import type { Transport } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpTransport } from '@quorate/transport-http'
import { test } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'

/** Each member shows the certificate with its own name. */
const transport = (): Transport => ({
  start: (host) => httpTransport({ tls: certificate(host.self) }).start(host),
})

transportContract({
  test,
  environment: nodeEnvironment(),
  factory: () => ({ transport, address: () => '127.0.0.1:0' }),
  strangers: {
    'shows no certificate': () => httpTransport(),
    'shows a certificate that somebody else has signed': () => httpTransport({ tls: certificate('forged-a') }),
    'shows a certificate that has expired': () => httpTransport({ tls: certificate('expired-a') }),
  },
})
