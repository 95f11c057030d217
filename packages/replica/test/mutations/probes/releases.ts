import { position, readySeq, sequence, type Batch, type Ready, type Release } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { memoryStorage } from '@quorate/storage-memory'
import { Writer } from '../../../src/writer.js'

function readyOf(at: number, release: Release | null): Ready<null> {
  return {
    ...{ seq: readySeq(at), messages: [], firstSequence: sequence(at), records: [Uint8Array.of(at)] },
    ...{ messagesAfterPersist: [], release, committed: [], reads: [], settled: [] },
    ...{ leadership: null, members: null, fetchSnapshot: null, installSnapshot: null },
  }
}

/** Of several releases in one batch the last counts. */
export async function lastReleaseCounts(): Promise<string | null> {
  const storage = await memoryStorage().open()
  const batches: Batch[] = []
  storage.append = async (batch) => void batches.push(batch)
  const failures: unknown[] = []
  const effects = { send() {}, onPersisted() {}, onAppended() {}, fail: (error: unknown) => void failures.push(error) }
  const writer = new Writer<null>(storage, nodeEnvironment(), 0, effects)
  for (const [at, released] of [null, 1, 2, null].entries()) {
    const release = released === null ? null : { sequence: sequence(released), snapshot: position(released) }
    writer.push(readyOf(at + 1, release))
  }
  await writer.idle
  const last = batches.findLast(({ release }) => release !== null)?.release
  return last?.snapshot === 2
    ? null
    : `the journal was released on the snapshot at ${last?.snapshot ?? 0}, and not at 2`
}
