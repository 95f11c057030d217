import { storageContract } from '@quorate/conformance'
import { memoryStorage } from '@quorate/storage-memory'
import { describe, test } from 'vitest'

describe('memoryStorage keeps the contract', () => {
  storageContract({ test, factory: () => memoryStorage() })
})
