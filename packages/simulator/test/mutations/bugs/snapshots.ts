import type { KnownBug } from '../known-bug.js'

/** Snapshots and what is forgotten for them: Raft §7, order 7.3. */
export const bugsOfSnapshots: readonly KnownBug[] = [
  {
    bug: 'a snapshot keeps a conflicting log (Figure 13)',
    profile: 'images',
    file: 'raft/src/snapshots.ts',
    replace: `state.log.termAt(last.index) === last.term`,
    by: `state.log.lastIndex >= last.index`,
  },
  {
    bug: 'a snapshot is reported before it is saved',
    profile: 'images',
    file: 'replica/src/snapshots/checkpoints.ts',
    replace: `      await writing.finish()
      this.#attempt = null
      if (!attempt.isAbandoned) this.#onSaved(attempt)`,
    by: `      this.#attempt = null
      if (!attempt.isAbandoned) this.#onSaved(attempt)
      await writing.finish()`,
  },
  {
    bug: 'the journal is released without the hard state behind it',
    profile: 'images',
    file: 'raft/src/snapshots.ts',
    replace: `  const lowest = meta.position < log.lastIndex ? log.sequenceAt(meta.position + 1) : Infinity
  outbox.release = { sequence: sequence(Math.min(first, lowest)), snapshot: meta.position }`,
    by: `  const lowest = meta.position < log.lastIndex ? log.sequenceAt(meta.position + 1) : Infinity
  outbox.release = { sequence: sequence(Math.min(first + 1, lowest)), snapshot: meta.position }`,
  },
  {
    bug: 'the journal is released beyond entries above the snapshot',
    profile: 'images',
    file: 'raft/src/snapshots.ts',
    replace: `sequence: sequence(Math.min(first, lowest))`,
    by: `sequence: sequence(Math.max(first, 0 * lowest || 0))`,
  },
  {
    bug: 'an older snapshot replaces a newer state',
    profile: 'images',
    file: 'raft/src/snapshots.ts',
    replace: `  if (!fetching || state.role === 'leader' || meta.position <= state.commitIndex) return`,
    by: `  if (!fetching || state.role === 'leader') return`,
  },
  {
    bug: 'an installed snapshot does not reset the state',
    profile: 'images',
    file: 'replica/src/snapshots/snapshot-install.ts',
    replace: `      await this.#host.restore(imageOf(source, this.#host.environment))`,
    by: `      for await (const _ of imageOf(source, this.#host.environment)) void _`,
  },
  {
    bug: 'an image is published without a sync',
    profile: 'images',
    file: 'storage-file/src/snapshot-sink.ts',
    replace: `      await this.#file.datasync()
      await this.#file.close()`,
    by: `      await this.#file.close()`,
  },
]
