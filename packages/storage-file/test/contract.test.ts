import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetfulFiles, storageContract } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { fileStorage } from '@quorate/storage-file'
import { fileStorage as nodeFileStorage } from '@quorate/storage-file/node'
import { afterAll, beforeAll, describe, test } from 'vitest'

const small = { segmentBytes: 16 * 1024, reserveSegments: 1, freeBytesMin: 0 }

describe('fileStorage over real files keeps the contract', () => {
  let root = ''
  let places = 0
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'quorate-contract-'))
  })
  afterAll(() => rm(root, { recursive: true }))

  const factory = () => nodeFileStorage({ directory: join(root, `${(places += 1)}`), ...small })
  storageContract({ test, factory })
})

describe('fileStorage over forgetful files keeps the contract', () => {
  const environment = nodeEnvironment()
  const factory = () => fileStorage({ directory: '/place', files: forgetfulFiles(1), environment, ...small })
  storageContract({ test, factory })
})
