import { transportContract } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { describe, test } from 'vitest'

const environment = nodeEnvironment()
const address = (member: number) => `member-${member}:1`

describe('on a perfect hub', () => {
  transportContract({
    test,
    environment,
    factory: () => {
      const hub = memoryHub()
      return { transport: () => memoryTransport({ hub }), address }
    },
  })
})

describe('on a slow hub that loses frames', () => {
  transportContract({
    test,
    environment,
    factory: () => {
      const hub = memoryHub({ seed: 7, latencyMs: { min: 0, max: 3 }, loss: 0.1 })
      return { transport: () => memoryTransport({ hub }), address }
    },
  })
})
