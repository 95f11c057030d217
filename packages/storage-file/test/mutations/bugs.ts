import type { SourcePatch } from '../../../../tools/source-patch.js'

/** A known bug of the storage, the test that has to fail with it, and what that says. */
export interface StorageBug extends SourcePatch {
  readonly foundBy: { readonly file: string; readonly test: string; readonly says: string }
}

const crashStates = (scenario: string, says: string) => ({
  file: 'crash-states.test.ts',
  test: `within ${scenario},`,
  says,
})

/** What stands where the tail is rewritten at open. */
const rewritten = `    const { active, from } = await moveTail(place, reserve, segment, survey)
`
const oldFileUsed = `    const file = await place.settings.files.open(segment.path, 'readWrite')
`
const oldFileTrusted = `    return { ...survey, segments: needed, active: { header: last, crc: segment.crc, file }, end }
`

export const bugs: readonly StorageBug[] = [
  {
    bug: 'the journal is not synced',
    file: 'storage-file/src/journal.ts',
    replace: `    await file.datasync()
`,
    by: '',
    foundBy: crashStates('append', 'was acknowledged, and they end with'),
  },
  {
    bug: 'the directory of a new segment is not synced',
    file: 'storage-file/src/segment-file.ts',
    replace: `    await files.syncDirectory(directory)
`,
    by: '',
    foundBy: crashStates('rotate', 'was acknowledged, and they end with'),
  },
  {
    bug: 'the directory of a new identity is not synced',
    file: 'storage-file/src/identity.ts',
    replace: `  await files.syncDirectory(directory)
`,
    by: '',
    foundBy: crashStates('identity', 'expected the identity that the journal was written under'),
  },
  {
    bug: 'a snapshot gets its name before it is synced',
    file: 'storage-file/src/snapshot-sink.ts',
    replace: `      await this.#file.datasync()
`,
    by: '',
    foundBy: crashStates('compact', 'is damaged at byte'),
  },
  {
    bug: 'a release is stored before its snapshot',
    file: 'storage-file/src/snapshots.ts',
    replace: `          await files.rename(draft, path)
          await files.syncDirectory(directory)
          this.#images.set(meta.position, { readers: this.#images.get(meta.position)?.readers ?? 0, isDoomed: false })`,
    by: `          this.#images.set(meta.position, { readers: this.#images.get(meta.position)?.readers ?? 0, isDoomed: false })
          void this.#place.settings.environment.yieldTurn().then(async () => {
            await files.rename(draft, path)
            await files.syncDirectory(directory)
          })`,
    foundBy: crashStates('compact', 'expected the snapshot at position'),
  },
  {
    bug: 'the directory of a new snapshot is not synced',
    file: 'storage-file/src/snapshots.ts',
    replace: `          await files.syncDirectory(directory)
`,
    by: '',
    foundBy: crashStates('compact', 'expected the snapshot at position'),
  },
  {
    bug: 'a release may name a snapshot that was never committed',
    file: 'storage-file/src/open-file-storage.ts',
    replace: '!snapshots.has(batch.release.snapshot)',
    by: 'snapshots === null',
    foundBy: { file: 'snapshots.test.ts', test: 'never committed', says: 'AssertionError' },
  },
  {
    bug: 'the tail is not rewritten at open',
    file: 'storage-file/src/recover-journal.ts',
    replace: rewritten,
    by: oldFileUsed + oldFileTrusted + rewritten,
    foundBy: { file: 'failing-disk.test.ts', test: 'D3: what was only in the page cache', says: 'one' },
  },
  {
    bug: 'the old file is synced at open, and trusted',
    file: 'storage-file/src/recover-journal.ts',
    replace: rewritten,
    by: `${oldFileUsed}    await file.datasync()
${oldFileTrusted}${rewritten}`,
    foundBy: { file: 'failing-disk.test.ts', test: 'D3: what was only in the page cache', says: 'one' },
  },
  {
    bug: 'a segment takes its name before what was copied into it is synced',
    file: 'storage-file/src/segment-file.ts',
    replace: `    await copy(file, crc)
    await file.datasync()
`,
    by: `    await copy(file, crc)
`,
    foundBy: crashStates('rotate', 'is damaged at byte'),
  },
  {
    bug: 'a gap between sequences is accepted',
    file: 'storage-file/src/journal.ts',
    replace: 'firstSequence !== next',
    by: 'firstSequence < next',
    foundBy: { file: 'contract.test.ts', test: 'forgetful files', says: 'was taken where 3 was due' },
  },
  {
    bug: 'a gap between segments is accepted',
    file: 'storage-file/src/replay.ts',
    replace: 'if (next) checkJoint(segment, cursor, next)',
    by: '',
    foundBy: { file: 'segments.test.ts', test: 'gone its own way', says: 'STORAGE_CORRUPT' },
  },
  {
    bug: 'a sync that failed is tried again',
    file: 'storage-file/src/journal.ts',
    replace: `    await file.datasync()
`,
    by: `    await file.datasync().catch(() => file.datasync())
`,
    foundBy: { file: 'failing-disk.test.ts', test: 'fails once', says: 'it was not refused' },
  },
  {
    bug: 'the storage goes on after a failure',
    file: 'storage-file/src/fail-stop.ts',
    replace: '(this.#failure ??= failureOf(doing, error))',
    by: 'failureOf(doing, error)',
    foundBy: { file: 'failing-disk.test.ts', test: 'fails once', says: 'it was not refused' },
  },
  {
    bug: 'the checksums of batches are not chained',
    file: 'storage-file/src/batch.ts',
    replace: `chain === header.chain ? records : 'a batch that does not follow the one before'`,
    by: 'records',
    foundBy: { file: 'bit-rot.test.ts', test: 'does not follow the one before', says: 'STORAGE_CORRUPT' },
  },
  {
    bug: 'a seal that a crash prevented is not made',
    file: 'storage-file/src/recover-journal.ts',
    replace: `      if (unsealed) await writeSeal(place, unsealed, survey.hasIdentity)
`,
    by: '',
    foundBy: { file: 'lost-seal.test.ts', test: 'that a crash prevented', says: 'when this was written' },
  },
  {
    bug: 'a seal is made before the segment that it speaks of is durable',
    file: 'storage-file/src/recover-journal.ts',
    replace: rewritten,
    by: `    if (unsealed) await writeSeal(place, unsealed, survey.hasIdentity)
${rewritten}`,
    foundBy: { file: 'lost-seal.test.ts', test: 'before its time', says: 'QuorateError' },
  },
  {
    bug: 'a seal that was only in the page cache is trusted',
    file: 'storage-file/src/recover-journal.ts',
    replace: 'if (unsealed) await',
    by: 'if (unsealed && !unsealed.seal) await',
    foundBy: { file: 'lost-seal.test.ts', test: 'that a crash prevented', says: 'when this was written' },
  },
  {
    bug: 'an identity is relied on before its name is durable',
    file: 'storage-file/src/open-place.ts',
    replace: `  await files.syncDirectory(directory)
  return { ...survey`,
    by: `  return { ...survey`,
    foundBy: { file: 'lost-seal.test.ts', test: 'whose name no sync covers', says: 'identity is damaged' },
  },
  {
    bug: 'a segment is not sealed',
    file: 'storage-file/src/segment-file.ts',
    replace: '  await file.write(offset, [encodeBatch(fields, [], chain, { segmentCrc, offset }).bytes])',
    by: '  encodeBatch(fields, [], chain, { segmentCrc, offset })',
    foundBy: { file: 'segments.test.ts', test: 'one that is missing is refused', says: 'STORAGE_CORRUPT' },
  },
  {
    bug: 'a tail is cut that a mark covers',
    file: 'storage-file/src/recover-journal.ts',
    replace: 'if (marked >= stop.at.ordinal) throw missing(segment, stop)',
    by: '',
    foundBy: { file: 'marks.test.ts', test: 'D4', says: 'STORAGE_CORRUPT' },
  },
  {
    bug: 'a copy of a directory is opened',
    file: 'storage-file/src/open-place.ts',
    replace: '  await checkIsNoCopy(',
    by: '  if (settings.mayMove) await checkIsNoCopy(',
    foundBy: { file: 'copies.test.ts', test: 'a copy that was taken while its member ran', says: 'it was not refused' },
  },
  {
    bug: 'the number of a file is taken for the file',
    file: 'storage-file/src/file-mark.ts',
    replace: '  return !isKnown || mark.bornNs === found.bornNs',
    by: '  return isKnown || true',
    foundBy: { file: 'copies.test.ts', test: 'a number that was given again', says: 'expected true to be false' },
  },
  {
    bug: 'the identity names the file that it replaces',
    file: 'storage-file/src/identity.ts',
    replace: 'await markOf(place.settings, path + unfinished)',
    by: 'await markOf(place.settings, path).catch(() => markOf(place.settings, path + unfinished))',
    foundBy: { file: 'copies.test.ts', test: 'crashes, cuts of power and clean stops', says: 'is a copy' },
  },
  {
    bug: 'a journal that ends before what the identity saw is taken',
    file: 'storage-file/src/ownership.ts',
    replace: 'lastRecord >= identity.lastRecord',
    by: 'lastRecord >= 0',
    foundBy: {
      file: 'copies.test.ts',
      test: 'when its newest file is that of an older copy',
      says: 'it was not refused',
    },
  },
  {
    bug: 'a copy of a member that ran is taken for a directory that was moved',
    file: 'storage-file/src/moved.ts',
    replace: 'identity?.isClosed === true && survey?.end.sequence === identity.lastRecord + 1',
    by: 'identity?.isClosed === true && survey !== null',
    foundBy: { file: 'copies.test.ts', test: 'refuses a copy of a directory in use', says: 'AssertionError' },
  },
]
