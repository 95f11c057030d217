/** A storage of one's own against the contract, under Node's own test runner: in memory, in sixty lines. */
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { storageContract } from '@quorate/conformance'

/** A place that outlives what is opened on it. */
function ownStorage() {
  const place = { identity: null, records: [], next: 1, release: null, images: new Map() }
  return { survives: 'nothing', open: async () => openPlace(place) }
}

function openPlace(place) {
  const relied = place.release?.snapshot ?? 0
  for (const position of place.images.keys()) if (position !== relied) place.images.delete(position)
  return {
    identity: place.identity,
    snapshot: place.images.get(relied)?.meta ?? null,
    pressure: 'none',
    saveIdentity: async (bytes) => void (place.identity = bytes.slice()),
    replay: async (onRecord) => {
      const kept = place.records.filter(({ sequence }) => sequence >= (place.release?.sequence ?? 1))
      for (const { sequence, bytes } of kept) onRecord(sequence, bytes.slice())
      return { records: kept.length, bytes: kept.reduce((sum, { bytes }) => sum + bytes.length, 0), cut: null }
    },
    append: async (batch) => append(place, batch),
    createSnapshot: async (meta) => sink(place, meta),
    openSnapshot: async (position) => source(place.images.get(position)?.bytes),
    close: async () => undefined,
  }
}

function append(place, { firstSequence, records, release }) {
  if (firstSequence !== place.next) throw new Error(`record ${firstSequence} came where ${place.next} was due`)
  for (const bytes of records) place.records.push({ sequence: place.next++, bytes: bytes.slice() })
  if (release === null) return
  place.release = release
  place.records = place.records.filter(({ sequence }) => sequence >= release.sequence)
  for (const position of place.images.keys()) if (position < release.snapshot) place.images.delete(position)
}

function sink(place, meta) {
  const chunks = []
  return {
    write: async (chunk) => void chunks.push(chunk.slice()),
    commit: async () => void place.images.set(meta.position, { meta, bytes: Buffer.concat(chunks) }),
    abort: async () => void chunks.splice(0),
  }
}

function source(bytes) {
  if (bytes === undefined) return null
  return {
    byteLength: bytes.length,
    digest: new Uint8Array(createHash('sha256').update(bytes).digest()),
    read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)),
    close: async () => undefined,
  }
}

storageContract({ test, factory: ownStorage, capabilities: { locks: false } })
