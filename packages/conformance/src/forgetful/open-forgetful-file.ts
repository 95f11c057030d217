import { concatBytes, type OpenFile } from '@quorate/contracts'
import type { FileOperation } from './disk.js'
import { FileError } from './file-error.js'
import type { FileNode } from './file-node.js'
import type { Life } from './life.js'

/** A file that was opened in one life. */
export class OpenForgetfulFile implements OpenFile {
  readonly #life: Life
  readonly #file: FileNode
  readonly #path: string
  readonly #isWritable: boolean
  #isOpen = true

  constructor(life: Life, file: FileNode, path: string, mode: 'read' | 'create' | 'readWrite') {
    this.#life = life
    this.#file = file
    this.#path = path
    this.#isWritable = mode !== 'read'
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#act('read', () => this.#file.read(offset, length))
  }

  write(offset: number, chunks: readonly Uint8Array[]): Promise<void> {
    const bytes = concatBytes(chunks)
    const { disk } = this.#life
    const write = (): void => {
      this.#checkWritable('write')
      if (!disk.write(this.#file, offset, bytes)) throw new FileError('ENOSPC', 'write', this.#path, 'the disk is full')
    }
    return this.#act('write', write, () => disk.writeSome(this.#file, offset, bytes))
  }

  datasync(): Promise<void> {
    return this.#life.sync('datasync', this.#path, () => {
      this.#checkOpen('datasync')
      const { mark } = this.#file
      return (fate) => this.#file.settle(mark, fate)
    })
  }

  truncate(length: number): Promise<void> {
    return this.#act('truncate', () => {
      this.#checkWritable('truncate')
      this.#file.change({ kind: 'truncate', length })
    })
  }

  size(): Promise<number> {
    return this.#act('size', () => this.#file.size)
  }

  /** Closing again does nothing, as with Node's handles. */
  async close(): Promise<void> {
    this.#isOpen = false
    await this.#life.act('close', this.#path, () => {})
  }

  #act<Result>(operation: FileOperation, effect: () => Result, onFailure?: () => void): Promise<Result> {
    const checked = (): Result => {
      this.#checkOpen(operation)
      return effect()
    }
    return this.#life.act(operation, this.#path, checked, onFailure)
  }

  #checkOpen(operation: FileOperation): void {
    if (!this.#isOpen) throw new FileError('EBADF', operation, this.#path, 'it was closed')
  }

  #checkWritable(operation: FileOperation): void {
    if (!this.#isWritable) throw new FileError('EBADF', operation, this.#path, 'it was opened for reading')
  }
}
