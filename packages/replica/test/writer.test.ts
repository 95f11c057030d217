import { position, readySeq, sequence, type Batch, type Outgoing, type Ready } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { Writer } from '../src/writer.js'

/** A storage whose appends end when the test says so. */
class HeldStorage {
  readonly batches: Batch[] = []
  readonly #held: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []

  append(batch: Batch): Promise<void> {
    this.batches.push(batch)
    return new Promise((resolve, reject) => this.#held.push({ resolve, reject }))
  }

  async release(error?: Error): Promise<void> {
    const held = this.#held.shift()
    if (error) held?.reject(error)
    else held?.resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function ready(firstSequence: number, records: number, says: string): Ready<string> {
  return {
    seq: readySeq(1),
    messages: [],
    firstSequence: sequence(firstSequence),
    records: Array.from({ length: records }, (_, at) => Uint8Array.of(firstSequence + at)),
    messagesAfterPersist: [{ to: 'n2' as never, channel: 'control', message: says }],
    release: null,
    committed: [],
    reads: [],
    settled: [],
    leadership: null,
    members: null,
    fetchSnapshot: null,
    installSnapshot: null,
  }
}

async function writerOn(held: HeldStorage) {
  const storage = await memoryStorage().open()
  storage.append = (batch) => held.append(batch)
  const log: string[] = []
  const writer = new Writer<string>(storage, nodeEnvironment(), 0, {
    send: (messages: readonly Outgoing<string>[]) => log.push(...messages.map(({ message }) => message)),
    onPersisted: (at) => log.push(`persisted ${at}`),
    onAppended: () => {},
    fail: (error) => log.push(`failed: ${(error as Error).message}`),
  })
  return { writer, log }
}

test('order 7.1: lane two of a Ready without records waits for the records of every earlier one', async () => {
  const held = new HeldStorage()
  const { writer, log } = await writerOn(held)
  writer.push(ready(1, 2, 'first reply'))
  writer.push(ready(3, 0, 'reply to a duplicate'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(log).toEqual([])
  await held.release()
  expect(log).toEqual(['first reply', 'persisted 2', 'reply to a duplicate'])
})

test('what comes while one append runs gathers into the next, in order', async () => {
  const held = new HeldStorage()
  const { writer, log } = await writerOn(held)
  writer.push(ready(1, 1, 'a'))
  writer.push(ready(2, 2, 'b'))
  writer.push(ready(4, 1, 'c'))
  await held.release()
  await held.release()
  expect(held.batches.map(({ firstSequence, records }) => [firstSequence, records.length])).toEqual([
    [1, 1],
    [2, 3],
  ])
  expect(log).toEqual(['a', 'persisted 1', 'b', 'c', 'persisted 4'])
})

test('D5: after a failed append nothing more is written and nothing is said', async () => {
  const held = new HeldStorage()
  const { writer, log } = await writerOn(held)
  writer.push(ready(1, 1, 'a'))
  writer.push(ready(2, 1, 'b'))
  await held.release(new Error('EIO'))
  writer.push(ready(3, 1, 'c'))
  await held.release()
  expect(held.batches.length).toBe(1)
  expect(log).toEqual(['failed: EIO'])
})

test('order 7.3: of several releases in one batch the last counts, and a batch without one keeps quiet', async () => {
  const held = new HeldStorage()
  const { writer } = await writerOn(held)
  const releaseTo = (to: number): Ready<string>['release'] => ({ sequence: sequence(to), snapshot: position(to) })
  writer.push(ready(1, 1, 'a'))
  writer.push({ ...ready(2, 1, 'b'), release: releaseTo(2) })
  writer.push({ ...ready(3, 1, 'c'), release: releaseTo(3) })
  writer.push(ready(4, 1, 'd'))
  await held.release()
  expect(held.batches.map(({ release }) => release)).toEqual([null, releaseTo(3)])
})
