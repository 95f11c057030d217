import type { FileLayer, OpenFile } from '@quorate/contracts'
import { directory, type Image } from '../places.js'

/** A file by itself, whatever it is called. */
export type FileNumber = number

/** What an operation did that a crash may undo, or what a sync has ended. `covers`: effects before that ordinal. */
export type Effect =
  | { readonly kind: 'name'; readonly path: string; readonly file: FileNumber }
  | { readonly kind: 'rename'; readonly from: string; readonly path: string; readonly file: FileNumber }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'write'; readonly file: FileNumber; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly file: FileNumber; readonly length: number }
  | { readonly kind: 'sync'; readonly file: FileNumber; readonly covers: number }
  | { readonly kind: 'syncDirectory'; readonly covers: number }

/** What is on the disk for good: the bytes of each file, and names for some. */
export interface Disk {
  readonly contents: ReadonlyMap<FileNumber, Uint8Array>
  readonly names: ReadonlyMap<string, FileNumber>
}

/** One run over files, operation by operation, and what was known beside each. */
export interface Trace<Knowledge> {
  readonly start: Disk
  readonly effects: readonly Effect[]
  /** `knowledge[k]` is what was known before effect k; one more than there are effects. */
  readonly knowledge: readonly Knowledge[]
}

export function diskWith(image: Image): Disk {
  const paths = [...image.keys()]
  return {
    contents: new Map(paths.map((path, at) => [at, image.get(path) ?? new Uint8Array()])),
    names: new Map(paths.map((path, at) => [path, at])),
  }
}

/**
 * Runs over `files`, which hold `image`, and writes down every effect. `know` is asked before each: what is known until
 * then may be relied on by somebody when the power is cut after the effect before.
 */
export async function traced<Knowledge>(
  files: FileLayer,
  image: Image,
  know: () => Knowledge,
  run: (files: FileLayer) => Promise<void>,
): Promise<Trace<Knowledge>> {
  const start = diskWith(image)
  const effects: Effect[] = []
  const knowledge: Knowledge[] = []
  const names = new Map(start.names)
  let filesMade = names.size
  const note = (effect: Effect): void => {
    knowledge.push(know())
    effects.push(effect)
  }
  const numberOf = (path: string): FileNumber => names.get(path) ?? -1

  const noting = (file: OpenFile, number: FileNumber): OpenFile => ({
    read: (offset, length) => file.read(offset, length),
    async write(offset, chunks) {
      const bytes = new Uint8Array(Buffer.concat(chunks))
      note({ kind: 'write', file: number, offset, bytes })
      await file.write(offset, chunks)
    },
    async datasync() {
      const covers = effects.length
      await file.datasync()
      note({ kind: 'sync', file: number, covers })
    },
    async truncate(length) {
      note({ kind: 'truncate', file: number, length })
      await file.truncate(length)
    },
    size: () => file.size(),
    close: () => file.close(),
  })

  await run({
    async open(path, mode) {
      const file = await files.open(path, mode)
      if (mode === 'create') {
        note({ kind: 'name', path, file: filesMade })
        names.set(path, filesMade)
        filesMade += 1
      }
      return noting(file, numberOf(path))
    },
    async rename(from, to) {
      note({ kind: 'rename', from, path: to, file: numberOf(from) })
      names.set(to, numberOf(from))
      names.delete(from)
      await files.rename(from, to)
    },
    async unlink(path) {
      if (names.has(path)) note({ kind: 'unlink', path })
      names.delete(path)
      await files.unlink(path)
    },
    async syncDirectory(path) {
      if (path !== directory) throw new Error(`there is one directory, and not ${path}`)
      const covers = effects.length
      await files.syncDirectory(path)
      note({ kind: 'syncDirectory', covers })
    },
    list: (path) => files.list(path),
    makeDirectory: (path) => files.makeDirectory(path),
    freeBytes: (path) => files.freeBytes(path),
    lock: (path) => files.lock(path),
  })
  knowledge.push(know())
  return { start, effects, knowledge }
}
