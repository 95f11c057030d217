import { request } from 'node:http'
import { transportContract } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpTransport } from '@quorate/transport-http'
import { test } from 'vitest'

const token = 'sixteen-or-more-letters'

transportContract({
  test,
  environment: nodeEnvironment(),
  factory: () => ({ transport: () => httpTransport({ token }), address: () => '127.0.0.1:0' }),
  strangers: {
    'has no token': () => httpTransport(),
    'has another token': () => httpTransport({ token: 'sixteen-or-more-numbers' }),
    'speaks newer versions alone': () =>
      httpTransport({
        token,
        request: (url, options) =>
          request(url, { ...options, headers: { ...options.headers, 'quorate-versions': '2-3' } }),
      }),
  },
})
