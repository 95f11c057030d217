import {
  QuorateError,
  sequence,
  type ForcedBeginning,
  type OpenStorage,
  type Remains,
  type Storage,
} from '@quorate/contracts'
import { encodeIdentity, type Identity } from '../identity.js'

const chunkBytes = 256 * 1024
const batchBytesMax = 4 * 1024 * 1024

/**
 * Writes the beginning of one member into a new storage: the snapshot, the records on it, and the identity last, because a
 * place with an identity is a member's. The image comes from the remains, chunk by chunk.
 */
export async function seedMember(
  storage: Storage,
  beginning: ForcedBeginning,
  source: Remains,
  identity: Identity,
): Promise<void> {
  const open = await storage.open()
  try {
    const { records } = await open.replay(() => {})
    if (open.identity || open.snapshot || records > 0) {
      throw new QuorateError('INVALID_OPTIONS', `the storage for ${identity.self} is not new: give it an empty one`)
    }
    if (beginning.snapshot) await copySnapshot(open, beginning.snapshot, source)
    await writeRecords(open, beginning)
    await open.saveIdentity(encodeIdentity(identity))
  } finally {
    await open.close()
  }
}

async function copySnapshot(
  open: OpenStorage,
  meta: NonNullable<ForcedBeginning['snapshot']>,
  source: Remains,
): Promise<void> {
  const image = await source.openSnapshot(meta.position)
  if (!image) throw new QuorateError('STORAGE_CORRUPT', `the snapshot at ${meta.position} is no longer there`)
  try {
    const sink = await open.createSnapshot(meta)
    for (let at = 0; at < image.byteLength; at += chunkBytes) await sink.write(await image.read(at, chunkBytes))
    await sink.commit()
  } finally {
    await image.close()
  }
}

/** All records in order. The first batch carries the release, which says on which snapshot they stand. */
async function writeRecords(open: OpenStorage, beginning: ForcedBeginning): Promise<void> {
  let next = 1
  let records: Uint8Array[] = []
  let bytes = 0
  const write = async (): Promise<void> => {
    const firstSequence = sequence(next)
    const snapshot = next === 1 ? beginning.snapshot : null
    const release = snapshot && { sequence: firstSequence, snapshot: snapshot.position }
    await open.append({ firstSequence, records, release })
    next += records.length
    records = []
    bytes = 0
  }
  for (const record of beginning.records()) {
    records.push(record)
    bytes += record.length
    if (bytes >= batchBytesMax) await write()
  }
  if (records.length > 0) await write()
}
