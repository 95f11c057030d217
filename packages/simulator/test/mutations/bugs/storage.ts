import type { KnownBug } from '../known-bug.js'

/** What is on the disk: decisions D3 to D5, D15. */
export const bugsOfStorage: readonly KnownBug[] = [
  {
    bug: 'the journal is not synced',
    profile: 'any',
    file: 'storage-file/src/journal.ts',
    replace: `    await file.write(this.#end.offset, chunks)
    await file.datasync()`,
    by: `    await file.write(this.#end.offset, chunks)`,
  },
  {
    bug: 'the directory of a new segment is not synced',
    profile: 'any',
    file: 'storage-file/src/segment-file.ts',
    replace: `    await files.syncDirectory(directory)
`,
    by: '',
  },
  {
    bug: 'a new segment is not synced before it gets its name',
    profile: 'any',
    file: 'storage-file/src/segment-file.ts',
    replace: `    await copy(file, crc)
    await file.datasync()`,
    by: `    await copy(file, crc)`,
  },
  {
    bug: 'a batch is acknowledged before it is written',
    profile: 'any',
    file: 'storage-file/src/journal.ts',
    replace: `          group = this.#takeGroup()
          await this.#write(group)`,
    by: `          group = this.#takeGroup()
          for (const batch of group) batch.resolve()
          await this.#write(group)`,
  },
  {
    bug: 'the identity is not synced',
    profile: 'any',
    file: 'storage-file/src/identity.ts',
    replace: `    await file.datasync()
  } finally {`,
    by: `  } finally {`,
  },
  {
    bug: 'the name of the identity is not synced',
    profile: 'any',
    file: 'storage-file/src/identity.ts',
    replace: `  await files.rename(path + unfinished, path)
  await files.syncDirectory(directory)`,
    by: `  await files.rename(path + unfinished, path)`,
  },
  {
    bug: 'segments are deleted that a replay still needs',
    profile: 'any',
    file: 'storage-file/src/journal.ts',
    replace: `next.firstSequence <= release.sequence; next`,
    by: `next.firstSequence <= release.sequence + 40; next`,
  },
  {
    bug: 'a tail that could not be copied whole is taken as it is',
    profile: 'any',
    file: 'storage-file/src/recover-journal.ts',
    replace: `  while (!isSmall && from.ordinal <= marked) {`,
    by: `  while (from.ordinal < end.ordinal) {`,
  },
]
