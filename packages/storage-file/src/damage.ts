import { describeError, QuorateError } from '@quorate/contracts'

/** Where a file is not what it has to be. */
export interface Damage {
  readonly file: string
  readonly offset: number
  readonly expected: string
  readonly found: string
}

const wayOut =
  'Nothing acknowledged is thrown away silently, so this member does not start. Restore the file if the disk or a backup ' +
  'tool mislaid it; otherwise, while a majority of the other members is intact, move the directory away and let this ' +
  'member join anew under another id. Never put in the directory of another member'

/** `STORAGE_CORRUPT`: what was acknowledged is not there, or is not what it was. */
export function corrupt({ file, offset, expected, found }: Damage, cause?: unknown): QuorateError {
  const message = `${file} is damaged at byte ${offset}: expected ${expected}, found ${found}. ${wayOut}`
  return new QuorateError('STORAGE_CORRUPT', message, cause === undefined ? {} : { cause })
}

/** A file whose version this program does not know. */
export interface ForeignVersion {
  readonly file: string
  /** What the file holds, for the message. */
  readonly what: string
  readonly found: number
  readonly known: number
  /** Its checksum is right once the known version stands there: no newer program wrote this, a bit has flipped. */
  readonly isFlipped: boolean
}

/** What to say of a version that this program does not know (decision D40). */
export function foreignVersion({ file, what, found, known, isFlipped }: ForeignVersion): QuorateError {
  if (isFlipped) return corrupt({ file, offset: 4, expected: `format version ${known}`, found: `${found}` })
  return tooNew(file, what, found, known)
}

/** `FORMAT_TOO_NEW`. */
function tooNew(file: string, what: string, found: number, known: number): QuorateError {
  const message =
    `${file} holds a ${what} of format version ${found}, and this program knows version ${known}: ` +
    'run the version of quorate that wrote it, or a newer one'
  return new QuorateError('FORMAT_TOO_NEW', message)
}

/** The `code` of an error from the file layer: `ENOENT`, `ENOSPC`, … */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** True if the disk, or the share of it that this user may fill, is full. */
export function isFull(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

const diskToCheck = 'what reached the disk is not known. Check the disk and start this member again'
const rights = 'this user may not read and write there: change the owner or the rights, or name another directory'
const tooManyFiles = 'too many files are open: raise the limit of open files and start this member again'

/** What to do about errors that are no fault of the disk. */
const wayOutOf: ReadonlyMap<string, string> = new Map([
  ['EACCES', rights],
  ['EPERM', rights],
  ['EROFS', 'the file system is mounted read-only: mount it for writing, or name another directory'],
  ['ENOTDIR', 'there is a file where a directory should be: name another directory'],
  ['ELOOP', 'links within a directory are not followed: put the file itself there'],
  ['ENOTFILE', 'somebody else has put that there: remove it, and see who may write in the directory'],
  ['EMFILE', tooManyFiles],
  ['ENFILE', tooManyFiles],
])

/** What a failed file operation means to the storage's user. Errors that have a meaning already keep it. */
export function failureOf(doing: string, error: unknown): QuorateError {
  if (error instanceof QuorateError) return error
  const what = `${doing} failed (${describeError(error)})`
  if (isFull(error)) {
    const message = `${what}: the disk is full. Make room and start this member again; what was acknowledged is safe`
    return new QuorateError('STORAGE_FULL', message, { cause: error })
  }
  const message = `${what}: ${wayOutOf.get(codeOf(error) ?? '') ?? diskToCheck}`
  return new QuorateError('STORAGE_FAILED', message, { cause: error })
}
