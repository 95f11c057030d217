import { transportContract } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpTransport } from '@quorate/transport-http'
import { test } from 'vitest'

transportContract({
  test,
  environment: nodeEnvironment(),
  factory: () => ({ transport: () => httpTransport(), address: () => '127.0.0.1:0' }),
})
