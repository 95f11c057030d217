import { solo } from '@quorate/conformance'
import {
  InvariantViolation,
  QuorateError,
  type Environment,
  type Protocol,
  type ProtocolModule,
  type Storage,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { defineMachine } from '@quorate/machine'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { expect, test } from 'vitest'
import { createReplica } from '../src/index.js'

/** Adds one, or throws at a value where an older release of it did. */
function fragile(throwsAt: number | null) {
  return defineMachine({
    name: 'fragile',
    version: 1,
    initial: () => ({ value: 0 }),
    commands: {
      add: {
        apply: (state) => {
          if (state.value + 1 === throwsAt) throw new RangeError('thirteen brings bad luck')
          return (state.value += 1)
        },
      },
    },
    queries: { value: { read: (state) => state.value } },
  })
}

interface Parts {
  readonly storage?: Storage
  readonly throwsAt?: number | null
  readonly protocol?: ProtocolModule<never, never>
  readonly environment?: Environment
}

async function start({
  storage = memoryStorage(),
  throwsAt = null,
  protocol = solo(),
  environment = nodeEnvironment(),
}: Parts) {
  const reasons: (Error | null)[] = []
  const replica = await createReplica({
    id: 'n1',
    members: { n1: 'n1:1' },
    machine: fragile(throwsAt),
    protocol,
    transport: memoryTransport({ hub: memoryHub() }),
    storage,
    environment,
  })
  const stopped = new Promise<Error | null>((resolve) => {
    replica.on('stopped', ({ reason }) => {
      reasons.push(reason)
      resolve(reason)
    })
  })
  return { replica, stopped, reasons }
}

test('D27: a throwing apply stops the replica at that position, and a fixed machine goes on from there', async () => {
  const storage = memoryStorage()
  const { replica, stopped } = await start({ storage, throwsAt: 3 })
  await replica.commands.add()
  await replica.commands.add()
  const third = replica.commands.add().catch((error: unknown) => error)
  const reason = await stopped
  expect(reason).toMatchObject({
    code: 'APPLY_FAILED',
    message: expect.stringMatching(
      /position 4: thirteen brings bad luck.*Nothing after it was applied\. Deploy a fixed machine/,
    ) as string,
  })
  expect(await third).toMatchObject({ code: 'STOPPED', outcome: 'unknown' })
  expect(await replica.status()).toMatchObject({ state: 'stopped', lastApplied: 3 })
  await replica.close()

  const again = await start({ storage, throwsAt: 3 })
  expect(await again.stopped).toMatchObject({ code: 'APPLY_FAILED' })
  const fixed = await start({ storage, throwsAt: null })
  expect(await fixed.replica.commands.add()).toBe(4)
  await fixed.replica.close()
})

test('D5: a failed append stops the replica, and what it held is in doubt', async () => {
  const storage: Storage = {
    survives: 'nothing',
    async open() {
      const open = await memoryStorage().open()
      let appends = 0
      const append = open.append.bind(open)
      open.append = async (batch) => {
        appends += 1
        if (appends > 2) throw new QuorateError('STORAGE_FAILED', 'the disk said EIO')
        await append(batch)
      }
      return open
    },
  }
  const { replica, stopped, reasons } = await start({ storage })
  expect(await replica.commands.add()).toBe(1)
  await expect(replica.commands.add()).rejects.toMatchObject({ code: 'STOPPED', outcome: 'unknown' })
  expect(await stopped).toMatchObject({ code: 'STORAGE_FAILED', message: 'the disk said EIO' })
  await expect(replica.commands.add()).rejects.toMatchObject({ code: 'STOPPED', outcome: 'notDone' })
  expect(await replica.status()).toMatchObject({ state: 'stopped', reason: 'the disk said EIO', lastApplied: 2 })
  await replica.close()
  expect(reasons.length).toBe(1)
})

test('D36: a broken invariant stops the replica with its reason', async () => {
  const inner = solo()
  const broken: ProtocolModule<never, never> = {
    ...inner,
    recover(given) {
      const recovery = inner.recover(given)
      return {
        record: (at, bytes) => recovery.record(at, bytes),
        finish: () => breakOnPropose(recovery.finish()),
      }
    },
  }
  const { replica, stopped } = await start({ protocol: broken })
  await expect(replica.commands.add()).rejects.toMatchObject({ code: 'STOPPED', outcome: 'unknown' })
  expect(await stopped).toBeInstanceOf(InvariantViolation)
  await replica.close()
})

function breakOnPropose(protocol: Protocol<never, never>): Protocol<never, never> {
  const step = protocol.step.bind(protocol)
  let proposals = 0
  protocol.step = (input) => {
    if (input.kind === 'propose') proposals += 1
    if (proposals === 2) throw new InvariantViolation('the log has a hole')
    step(input)
  }
  return protocol
}

test('D14: a member whose disk is nearly full refuses proposals as OVERLOADED and answers queries', async () => {
  let pressure: 'none' | 'low' = 'none'
  const storage: Storage = {
    survives: 'nothing',
    async open() {
      const open = await memoryStorage().open()
      Object.defineProperty(open, 'pressure', { get: () => pressure })
      return open
    },
  }
  const { replica } = await start({ storage })
  await replica.commands.add()
  pressure = 'low'
  await expect(replica.commands.add()).rejects.toMatchObject({ code: 'OVERLOADED', outcome: 'notDone' })
  expect(await replica.queries.value()).toBe(1)
  pressure = 'none'
  expect(await replica.commands.add()).toBe(2)
  await replica.close()
})

test('close waits for what was handed over, takes nothing new, and can be called again', async () => {
  const storage = memoryStorage()
  const { replica } = await start({ storage })
  await replica.commands.add()
  const handed = Array.from({ length: 20 }, () => replica.commands.add())
  const closed = replica.close()
  await expect(replica.commands.add()).rejects.toMatchObject({ code: 'STOPPED', outcome: 'notDone' })
  expect(await Promise.all(handed)).toEqual(Array.from({ length: 20 }, (_, at) => at + 2))
  await closed
  await replica.close()
  await replica[Symbol.asyncDispose]()
})

test('D5: what fails while the replica closes is its reason, and nobody waits for what can no longer come', async () => {
  const inner = memoryStorage()
  const failure = new QuorateError('STORAGE_FAILED', 'writing the journal failed: EIO')
  let onAppend: (() => Promise<void>) | null = null
  const storage: Storage = {
    survives: inner.survives,
    open: async () => {
      const open = await inner.open()
      const append = open.append.bind(open)
      return Object.defineProperty(open, 'append', {
        value: (batch: Parameters<typeof append>[0]) => onAppend?.() ?? append(batch),
      })
    },
  }
  const { replica, stopped } = await start({ storage })
  await replica.commands.add()
  const appending = new Promise<() => void>((resolve) => {
    onAppend = () => new Promise((_, reject) => resolve(() => reject(failure)))
  })
  const inDoubt = replica.commands.add().catch((error: unknown) => error)
  const fail = await appending
  const closed = replica.close()
  fail()
  expect(await inDoubt).toMatchObject({ code: 'STOPPED', outcome: 'unknown' })
  await closed
  expect(await stopped).toBe(failure)
  expect((await replica.status()).reason).toContain('EIO')
})

test('D5: a storage that failed while nobody called it stops the replica all the same', async () => {
  let failure: Error | null = null
  const inner = memoryStorage()
  const storage: Storage = {
    survives: inner.survives,
    open: async () => Object.defineProperty(await inner.open(), 'failure', { get: () => failure }),
  }
  const { replica, stopped } = await start({ storage })
  await replica.commands.add()
  failure = new QuorateError('STORAGE_FAILED', 'writing ahead failed: EIO')
  expect(await stopped).toBe(failure)
  await expect(replica.commands.add()).rejects.toMatchObject({ code: 'STOPPED', outcome: 'notDone' })
})

test('D5: a timer that throws stops the replica in order, and throws nothing at the process', async () => {
  const real = nodeEnvironment()
  const timers: (() => void)[] = []
  let isBroken = false
  const environment: Environment = {
    ...real,
    wallMs: () => {
      if (isBroken) throw new RangeError('no wall clock')
      return real.wallMs()
    },
    setTimer: (delayMs, run) => {
      timers.push(run)
      return real.setTimer(delayMs, run)
    },
  }
  const { replica, stopped } = await start({ environment })
  isBroken = true
  for (const run of [...timers]) run()
  isBroken = false
  expect(await stopped).toEqual(new RangeError('no wall clock'))
  expect(await replica.status()).toMatchObject({ state: 'stopped' })
})
