import type { Image } from '../places.js'
import type { Disk, Effect, FileNumber } from './trace.js'

/** How far the states of one crash are spelled out. */
export interface Bounds {
  /** Of more unsynced effects than this, the older ones are taken as a whole: all there, or none. */
  readonly effectsMax: number
  /** A torn write ends at multiples of so many bytes; at each of its bytes, if 1. */
  readonly tornEveryBytes: number
}

const sectorBytes = 512

/**
 * Every disk that a power cut may leave when these effects have happened: each subset of what no sync has covered (as
 * whole operations; a rename also as both names at once), and for each subset, one of its writes torn: only its
 * beginning, only its size, or all but its first sector. Two writes torn at once are beyond the bound. A write of
 * nothing but zeros is torn in the middle only. `isLastThere`: only those in which something is left of the last effect;
 * the others were possible before it happened.
 */
export function* statesAfter(
  start: Disk,
  effects: readonly Effect[],
  isLastThere: boolean,
  bounds: Bounds,
): Generator<Image> {
  const { disk, pending } = withSyncs(start, effects)
  const old = pending.slice(0, Math.max(0, pending.length - bounds.effectsMax))
  const young = pending.slice(old.length)
  const beginnings = old.length === 0 ? [[]] : [old, []]
  for (const beginning of beginnings) {
    for (let subset = isLastThere ? 2 ** (young.length - 1) : 0; subset < 2 ** young.length; subset += 1) {
      const kept = [...beginning, ...young.filter((_, at) => (subset & (1 << at)) !== 0)]
      yield imageOf(disk, kept)
      for (const [at, effect] of kept.entries()) {
        for (const torn of tornOf(effect, bounds.tornEveryBytes)) yield imageOf(disk, kept.with(at, torn))
      }
    }
  }
}

/** The effects that syncs have made durable are on the disk; the others may be or not. */
function withSyncs(start: Disk, effects: readonly Effect[]): { disk: Disk; pending: Effect[] } {
  const pending = effects.filter((effect, at) => !isSync(effect) && !isCovered(effect, at, effects))
  const durable = effects.filter((effect, at) => !isSync(effect) && isCovered(effect, at, effects))
  return { disk: applied(start, durable), pending }
}

/** True for an effect that makes others durable, and does nothing else. */
export function isSync(effect: Effect): boolean {
  return effect.kind === 'sync' || effect.kind === 'syncDirectory'
}

function isCovered(effect: Effect, at: number, effects: readonly Effect[]): boolean {
  return effects.some((sync) => {
    if (effect.kind === 'write' || effect.kind === 'truncate') {
      return sync.kind === 'sync' && sync.file === effect.file && sync.covers > at
    }
    return sync.kind === 'syncDirectory' && sync.covers > at
  })
}

/** What may be left of one effect, beside all and nothing. */
function* tornOf(effect: Effect, everyBytes: number): Generator<Effect> {
  if (effect.kind === 'rename') yield { kind: 'name', path: effect.path, file: effect.file }
  if (effect.kind !== 'write') return
  const { bytes, offset } = effect
  if (bytes.every((byte) => byte === 0)) {
    yield { ...effect, bytes: bytes.subarray(0, bytes.length >> 1) }
    return
  }
  for (let length = everyBytes; length < bytes.length; length += everyBytes) {
    yield { ...effect, bytes: bytes.subarray(0, length) }
  }
  yield { ...effect, offset: offset + bytes.length, bytes: new Uint8Array() }
  const first = sectorBytes - (offset % sectorBytes)
  if (first < bytes.length) yield { ...effect, offset: offset + first, bytes: bytes.subarray(first) }
}

function imageOf(disk: Disk, kept: readonly Effect[]): Image {
  const { contents, names } = applied(disk, kept)
  return new Map([...names].map(([path, file]) => [path, contents.get(file) ?? new Uint8Array()]))
}

/** Contents are replaced and never changed, so that disks share what is alike. */
function applied(disk: Disk, effects: readonly Effect[]): Disk {
  const contents = new Map(disk.contents)
  const names = new Map(disk.names)
  const replace = (file: FileNumber, length: (before: number) => number): Uint8Array => {
    const before = contents.get(file) ?? new Uint8Array()
    const bytes = new Uint8Array(length(before.length))
    bytes.set(before.subarray(0, bytes.length))
    contents.set(file, bytes)
    return bytes
  }
  for (const effect of effects) {
    switch (effect.kind) {
      case 'write': {
        const end = effect.offset + effect.bytes.length
        replace(effect.file, (before) => Math.max(before, end)).set(effect.bytes, effect.offset)
        break
      }
      case 'truncate':
        replace(effect.file, () => effect.length)
        break
      case 'rename':
        names.delete(effect.from)
        names.set(effect.path, effect.file)
        break
      case 'name':
        names.set(effect.path, effect.file)
        break
      case 'unlink':
        names.delete(effect.path)
        break
      case 'sync':
      case 'syncDirectory':
        break
    }
  }
  return { contents, names }
}
