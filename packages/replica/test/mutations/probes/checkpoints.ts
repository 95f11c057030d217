import { virtualTime } from '@quorate/conformance'
import { position, type SnapshotMeta } from '@quorate/contracts'
import { memoryStorage } from '@quorate/storage-memory'
import { Checkpoints } from '../../../src/snapshots/checkpoints.js'

const every = 10

/** Members that write images one after another, on a storage that has no room at first. */
async function life(since: number) {
  const time = virtualTime({ settled: () => new Promise((resolve) => setImmediate(resolve)) })
  const opened = await memoryStorage().open()
  let isFull = true
  const saved: number[] = []
  const checkpoints = new Checkpoints(
    {
      environment: time.environment,
      storage: {
        createSnapshot: (meta) => (isFull ? Promise.reject(new Error('full')) : opened.createSnapshot(meta)),
      },
      warn: () => {},
      metaAt: (at): SnapshotMeta => ({ position: at, epoch: 1, members: [], protocol: new Uint8Array() }),
      async *image() {
        yield await Promise.resolve(new Uint8Array(10))
      },
      hold: null,
      onHeld: () => {},
      onSaved: (meta) => saved.push(meta.position),
    },
    { snapshotEveryEntries: every, snapshotEveryBytes: 1_000_000 },
    position(since),
  )
  return { time, checkpoints, saved, makeRoom: () => (isFull = false) }
}

/** Whatever has kept a member from writing an image, it goes on. */
export async function checkpointsGoOn(): Promise<string | null> {
  const failed = await life(0)
  failed.checkpoints.onApplied(position(every), 0)
  await failed.time.pass(100)
  failed.makeRoom()
  await failed.time.pass(2_000)
  if (String(failed.saved) !== '10') return 'a checkpoint that failed was not tried again'
  failed.checkpoints.onApplied(position(2 * every), 0)
  await failed.time.pass(2_000)
  if (String(failed.saved) !== '10,20') return 'no checkpoint follows one that was tried again'

  const installed = await life(0)
  installed.checkpoints.onApplied(position(every), 0)
  await installed.time.pass(100)
  await installed.checkpoints.pause()
  installed.makeRoom()
  installed.checkpoints.resume(position(50))
  installed.checkpoints.onApplied(position(50 + every), 0)
  await installed.time.pass(2_000)
  if (String(installed.saved) !== '60')
    return 'an install while a checkpoint waits for its retry has ended all checkpoints'

  const renewed = await life(every)
  renewed.checkpoints.renew()
  await renewed.time.pass(100)
  renewed.makeRoom()
  await renewed.time.pass(2_000)
  return String(renewed.saved) === '10' ? null : 'an image that cannot be read was not written anew where nobody writes'
}
