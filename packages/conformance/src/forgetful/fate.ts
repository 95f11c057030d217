import type { Random } from '@quorate/contracts'
import type { NameChange } from './tree.js'

/** Bytes of a file that change. `grow` is what is left of a write whose size reached the disk before its bytes did. */
export type ContentChange =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number }
  | { readonly kind: 'grow'; readonly length: number }

/** Decides what reaches the disk of changes that nobody has synced, or whose sync has failed. */
export interface Fate {
  remainsOfContent(change: ContentChange): readonly ContentChange[]
  /** The changes are those that one operation made: a rename adds a name, then takes one away. */
  remainsOfNames(changes: readonly NameChange[]): readonly NameChange[]
}

/** Nothing that was not synced survives. */
export const nothingRemains: Fate = { remainsOfContent: () => [], remainsOfNames: () => [] }

/** All of it: what a sync that succeeds brings about. */
export const everythingRemains: Fate = {
  remainsOfContent: (change) => [change],
  remainsOfNames: (changes) => changes,
}

const sectorBytes = 512

/**
 * Anything may survive that a disk and its file system may legally leave: each write whole, as a prefix, as some of its
 * sectors, as a mere size or not at all; each change of names likewise, in any subset (W2, W9, W17 to W19).
 */
export function someRemains(random: Random): Fate {
  const coin = (): boolean => random.nextInt(2) === 1
  return {
    remainsOfContent(change) {
      if (change.kind !== 'write') return coin() ? [change] : []
      const { offset, bytes } = change
      switch (random.nextInt(5)) {
        case 0:
          return []
        case 1:
          return [change]
        case 2:
          return [{ kind: 'write', offset, bytes: bytes.subarray(0, random.nextInt(bytes.length + 1)) }]
        case 3:
          return sectorsOf(offset, bytes).filter(coin)
        default:
          return [{ kind: 'grow', length: offset + bytes.length }]
      }
    },
    remainsOfNames(changes) {
      const [added, removed] = changes
      if (added === undefined || removed === undefined) return coin() ? changes : []
      // Within one directory no name is lost; between two, each has its own say.
      const outcomes = [[], changes, [added], ...(added.directory === removed.directory ? [] : [[removed]])]
      return outcomes[random.nextInt(outcomes.length)] ?? []
    },
  }
}

function sectorsOf(offset: number, bytes: Uint8Array): ContentChange[] {
  const sectors: ContentChange[] = []
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + sectorBytes - ((offset + at) % sectorBytes))
    sectors.push({ kind: 'write', offset: offset + at, bytes: bytes.subarray(at, end) })
    at = end
  }
  return sectors
}
