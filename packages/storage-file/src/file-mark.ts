import type { FileId } from '@quorate/contracts'
import type { FileSettings } from './options.js'

/** What is kept of a file's id: the rest changes while the file stays the same. */
export type FileMark = Pick<FileId, 'number' | 'bornNs'>

/** The mark of a file that was just created; null if nothing is to tie a directory to its files, or nothing can. */
export async function markOf({ files, mayMove }: FileSettings, path: string): Promise<FileMark | null> {
  return mayMove ? null : ((await files.fileId?.(path)) ?? null)
}

/**
 * True if a file may be the one that has this mark. The number alone is not enough: a file system gives that of a deleted
 * file to the next one, so a directory that was deleted and put back from a copy often gets the numbers it had. A time of
 * creation that equals the last change may be no time of creation, and counts for nothing.
 */
export function isMarked(mark: FileMark, found: FileId): boolean {
  if (mark.number !== found.number) return false
  const isKnown = mark.bornNs !== null && found.bornNs !== null && found.bornNs !== found.changedNs
  return !isKnown || mark.bornNs === found.bornNs
}

/** As it stands in an identity: `7 1790000000`, `7 -`, or nothing. */
export function textOfMark(mark: FileMark | null): string {
  return mark === null ? '' : `${mark.number} ${mark.bornNs ?? '-'}`
}

/** Inverse of {@link textOfMark}. */
export function markInText(text: string): FileMark | null {
  const [number = '', bornNs = '-'] = text.split(' ')
  return number === '' ? null : { number, bornNs: bornNs === '-' ? null : bornNs }
}
