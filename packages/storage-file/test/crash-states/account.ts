import type { Life } from '../places.js'
import { textOf } from '../places.js'

/** A release by the record that replay begins with and the snapshot that it relies on. */
export interface Released {
  readonly from: number
  readonly at: number
}

/** What a member knows of its own storage at one moment, and so what a crash at this moment may leave. */
export interface Account {
  /** Records whose append has returned, or that an earlier recovery has reported. */
  readonly acknowledged: number
  /** Records ever handed in, oldest first. */
  readonly written: readonly string[]
  readonly release: Released
  /** A release that was handed in and has not returned yet. */
  readonly pendingRelease: Released | null
  readonly identity: string | null
  readonly pendingIdentity: string | null
}

/** Before anything was done. */
export const emptyAccount: Account = {
  acknowledged: 0,
  written: [],
  release: { from: 1, at: 0 },
  pendingRelease: null,
  identity: null,
  pendingIdentity: null,
}

/** What was found: the records and names that somebody who opens the place is told. */
export type Found = Pick<Life, 'records' | 'first' | 'storage'>

/**
 * What is wrong with what was found, as a sentence; null if it may be there. The rule has two sides: what was
 * acknowledged ⊆ what is found ⊆ what was written, and the found records are a prefix of the written ones.
 */
export function objectionTo(found: Found, account: Account): string | null {
  const { acknowledged, written } = account
  const at = found.storage.snapshot?.position ?? 0
  const release = [account.release, account.pendingRelease].find((known) => known?.at === at)
  if (!release) return `the snapshot at ${at} is relied on, and ${account.release.at} was released`
  const upTo = release.from - 1 + found.records.length
  if (upTo < acknowledged) return `record ${acknowledged} was acknowledged, and they end with ${upTo}`
  const wrong = found.records.findIndex((text, index) => text !== written[release.from - 1 + index])
  if (wrong >= 0) return `record ${release.from + wrong} was never written: ${found.records[wrong]}`
  if (found.records.length > 0 && found.first !== release.from) return `they begin with record ${found.first}`
  const identity = found.storage.identity && textOf(found.storage.identity)
  if (identity === account.identity || (identity !== null && identity === account.pendingIdentity)) return null
  return `the identity is ${String(identity)}, and ${String(account.identity)} was saved`
}

/** What was found is the truth from now on, because it has been reported. */
export function settled(found: Found, account: Account): Account {
  const at = found.storage.snapshot?.position ?? 0
  const release = account.pendingRelease?.at === at ? account.pendingRelease : account.release
  const upTo = release.from - 1 + found.records.length
  const identity = found.storage.identity && textOf(found.storage.identity)
  return {
    acknowledged: upTo,
    written: account.written.slice(0, upTo),
    release,
    pendingRelease: null,
    identity,
    pendingIdentity: null,
  }
}
