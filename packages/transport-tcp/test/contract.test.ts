import { transportContract } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { test } from 'vitest'
import { futureTransport } from './future.js'

transportContract({
  test,
  environment: nodeEnvironment(),
  factory: () => ({ transport: () => tcpTransport(), address: () => '127.0.0.1:0' }),
  strangers: { 'speaks newer versions alone': () => futureTransport },
})
