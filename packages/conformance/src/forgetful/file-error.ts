/** A failure of a file, with Node's `code`. */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly code: string

  constructor(code: string, operation: string, path: string, reason: string) {
    super(`${code}: ${reason}, ${operation} '${path}'`)
    this.code = code
  }
}
