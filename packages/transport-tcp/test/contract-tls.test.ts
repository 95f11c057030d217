import { transportContract } from '@quorate/conformance'
import type { Transport } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { test } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'

/** Each member shows the certificate with its own name. */
const transport = (): Transport => ({
  start: (host) => tcpTransport({ tls: certificate(host.self) }).start(host),
})

transportContract({
  test,
  environment: nodeEnvironment(),
  factory: () => ({ transport, address: () => '127.0.0.1:0' }),
  strangers: {
    'shows no certificate': () => tcpTransport(),
    'shows a certificate that somebody else has signed': () => tcpTransport({ tls: certificate('forged-a') }),
    'shows a certificate that has expired': () => tcpTransport({ tls: certificate('expired-a') }),
  },
})
