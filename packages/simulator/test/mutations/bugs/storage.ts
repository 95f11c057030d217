import type { KnownBug } from '../known-bug.js'

/** What is on the disk: decisions D3 to D5, D15. */
export const bugsOfStorage: readonly KnownBug[] = [
  {
    bug: 'the journal is not synced',
    profile: 'power',
    file: 'storage-file/src/journal.ts',
    replace: `    await file.write(this.#end.offset, chunks)
    await file.datasync()`,
    by: `    await file.write(this.#end.offset, chunks)`,
  },
  {
    bug: 'the directory of a new segment is not synced',
    profile: 'power',
    file: 'storage-file/src/segment-file.ts',
    replace: `    await files.syncDirectory(directory)
`,
    by: '',
  },
  {
    bug: 'a new segment is not synced before it gets its name',
    profile: 'power',
    file: 'storage-file/src/segment-file.ts',
    replace: `    await copy(file, crc)
    await file.datasync()`,
    by: `    await copy(file, crc)`,
  },
  {
    bug: 'a batch is acknowledged before it is written',
    profile: 'power',
    file: 'storage-file/src/journal.ts',
    replace: `          group = this.#takeGroup()
          await this.#write(group)`,
    by: `          group = this.#takeGroup()
          for (const batch of group) batch.resolve()
          await this.#write(group)`,
  },
  {
    bug: 'the identity is not synced',
    profile: 'power',
    file: 'storage-file/src/identity.ts',
    replace: `    await file.datasync()
  } finally {`,
    by: `  } finally {`,
  },
  {
    bug: 'the name of the identity is not synced',
    profile: 'power',
    file: 'storage-file/src/identity.ts',
    replace: `  await files.rename(path + unfinished, path)
  await files.syncDirectory(directory)`,
    by: `  await files.rename(path + unfinished, path)`,
  },
  {
    bug: 'segments are deleted that a replay still needs',
    profile: 'power',
    file: 'storage-file/src/journal.ts',
    replace: `next.firstSequence <= release.sequence; next`,
    by: `next.firstSequence <= release.sequence + 40; next`,
  },
  {
    bug: 'a tail that could not be copied whole is taken as it is',
    profile: 'power',
    file: 'storage-file/src/recover-journal.ts',
    replace: `  while (!isSmall && from.ordinal <= marked) {`,
    by: `  while (from.ordinal < end.ordinal) {`,
  },
  {
    bug: 'a sync that failed is tried again',
    profile: 'mixture',
    file: 'storage-file/src/journal.ts',
    replace: `    await file.datasync()
    this.#end = at`,
    by: `    await file.datasync().catch(() => file.datasync())
    this.#end = at`,
  },
  {
    bug: 'what was only in the page cache is trusted at the next start',
    profile: 'power',
    file: 'storage-file/src/segment-file.ts',
    replace: `    await copy(file, crc)
    await file.datasync()`,
    by: `    await copy(file, crc)
    if (header.firstBatch === 1) await file.datasync()`,
  },
  {
    bug: 'a release is stored before its snapshot',
    profile: 'power',
    file: 'storage-file/src/snapshots.ts',
    replace: `          await files.rename(draft, path)
          await files.syncDirectory(directory)
          this.#images.set(meta.position, { readers: this.#images.get(meta.position)?.readers ?? 0, isDoomed: false })`,
    by: `          this.#images.set(meta.position, { readers: this.#images.get(meta.position)?.readers ?? 0, isDoomed: false })
          void this.#place.settings.environment.yieldTurn().then(async () => {
            await files.rename(draft, path)
            await files.syncDirectory(directory)
          })`,
  },
  {
    bug: 'the directory of a new snapshot is not synced',
    profile: 'power',
    file: 'storage-file/src/snapshots.ts',
    replace: `          await files.syncDirectory(directory)
`,
    by: '',
  },
]
