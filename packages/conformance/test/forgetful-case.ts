import { forgetfulFiles, type ForgetfulFiles, type ForgetfulOptions } from '@quorate/conformance'
import type { OpenFile } from '@quorate/contracts'

export const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : new TextDecoder().decode(bytes)
export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

/** What is on the disk, as text. */
export function disk(files: ForgetfulFiles, view: 'visible' | 'durable' = 'durable'): Record<string, string | null> {
  return Object.fromEntries([...files.files(view)].map(([path, content]) => [path, text(content)]))
}

export async function write(files: ForgetfulFiles, path: string, content: string): Promise<OpenFile> {
  const file = await files.open(path, 'create')
  await file.write(0, [bytes(content)])
  return file
}

/** A file that survives, with its name. */
export async function save(files: ForgetfulFiles, path: string, content: string): Promise<OpenFile> {
  const file = await write(files, path, content)
  await file.datasync()
  await files.syncDirectory(path.slice(0, path.lastIndexOf('/')))
  return file
}

export async function withDirectory(options?: ForgetfulOptions): Promise<ForgetfulFiles> {
  const files = forgetfulFiles(1, options)
  await files.makeDirectory('/d')
  return files
}

export const codeOf = (outcome: Promise<unknown>): Promise<unknown> =>
  outcome.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
