import { compareIds, QuorateError, type FileId, type FileLayer, type OpenFile } from '@quorate/contracts'
import type { Disk, FileOperation } from './disk.js'
import { everythingRemains, type Fate } from './fate.js'
import { FileError } from './file-error.js'
import { FileNode } from './file-node.js'
import { OpenForgetfulFile } from './open-forgetful-file.js'
import { DirectoryNode, namesIn, type Place } from './tree.js'

/** The files between two power cuts. What one life has opened is of no use in the next. */
export class Life implements FileLayer {
  readonly disk: Disk
  readonly #locks = new Set<string>()
  readonly #syncs = new Set<() => void>()
  #endedBy: string | null = null

  constructor(disk: Disk) {
    this.disk = disk
  }

  /** Everything under way fails, and whatever is called later. `by`: what happened, as a sentence. */
  end(by: string): void {
    this.#endedBy = by
    for (const interrupt of this.#syncs) interrupt()
  }

  open(path: string, mode: 'read' | 'create' | 'readWrite'): Promise<OpenFile> {
    return this.act('open', path, () => {
      if (mode !== 'create') return new OpenForgetfulFile(this, this.disk.tree.file(path, 'open'), path, mode)
      const place = this.disk.tree.placeOf(path, 'open')
      if (place.directory.visible.has(place.name)) throw new FileError('EEXIST', 'open', path, 'it is there already')
      const file = new FileNode()
      this.disk.tree.change([{ ...place, node: file }])
      return new OpenForgetfulFile(this, file, path, mode)
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.act('rename', from, () => {
      const file = this.disk.tree.file(from, 'rename')
      const target = this.disk.tree.placeOf(to, 'rename')
      const previous = target.directory.visible.get(target.name)
      if (previous instanceof DirectoryNode) throw new FileError('EISDIR', 'rename', to, 'it is a directory')
      // Two names of one file: nothing is done, as POSIX has it.
      if (previous === file) return
      const source = this.disk.tree.placeOf(from, 'rename')
      this.disk.tree.change([
        { ...target, node: file },
        { ...source, node: null },
      ])
    })
  }

  unlink(path: string): Promise<void> {
    return this.act('unlink', path, () => {
      this.disk.tree.file(path, 'unlink')
      this.disk.tree.change([{ ...this.disk.tree.placeOf(path, 'unlink'), node: null }])
    })
  }

  list(directory: string): Promise<string[]> {
    return this.act('list', directory, () =>
      [...this.disk.tree.directory(directory, 'list').visible.keys()].sort(compareIds),
    )
  }

  async makeDirectory(path: string): Promise<void> {
    const { tree } = this.disk
    const { fresh, mark, synced } = await this.act('makeDirectory', path, () => {
      const places: Place[] = []
      let directory = tree.root
      for (const name of namesIn(path)) {
        places.push({ directory, name })
        const next = directory.visible.get(name) ?? new DirectoryNode()
        if (next instanceof FileNode) throw new FileError('ENOTDIR', 'makeDirectory', path, `${name} is a file`)
        if (!directory.visible.has(name)) tree.change([{ directory, name, node: next }])
        directory = next
      }
      const fresh = places.filter((place) => tree.hasUnsynced(place))
      return { fresh, mark: tree.mark, synced: fresh.length === 0 ? null : this.#passSync() }
    })
    await synced
    this.#checkAlive('makeDirectory', path)
    for (const place of fresh) tree.settle(place, mark, everythingRemains)
  }

  syncDirectory(path: string): Promise<void> {
    return this.sync('syncDirectory', path, () => {
      const directory = this.disk.tree.directory(path, 'syncDirectory')
      const { mark } = this.disk.tree
      return (fate) => this.disk.tree.settle(directory, mark, fate)
    })
  }

  freeBytes(path: string): Promise<number> {
    return this.act('freeBytes', path, () => this.disk.freeBytes)
  }

  fileId(path: string): Promise<FileId | null> {
    return this.act('fileId', path, () => {
      const id = this.disk.idOf(this.disk.tree.file(path, 'fileId'))
      return id === null ? null : { number: String(id), bornNs: null, changedNs: null }
    })
  }

  lock(path: string): Promise<() => Promise<void>> {
    return this.act('lock', path, () => {
      this.disk.tree.directory(path, 'lock')
      const key = namesIn(path).join('/')
      if (this.#locks.has(key)) {
        throw new QuorateError('STORAGE_LOCKED', `${path} is in use: close whoever uses it, or take another directory`)
      }
      this.#locks.add(key)
      let isHeld = true
      return async () => {
        this.#checkAlive('lock', path)
        if (isHeld) this.#locks.delete(key)
        isHeld = false
      }
    })
  }

  /** Does something at once, and answers a turn later if this life still lasts. */
  async act<Result>(
    operation: FileOperation,
    path: string,
    effect: () => Result,
    onFailure = (): void => {},
  ): Promise<Result> {
    this.#checkAlive(operation, path)
    const code = this.disk.failureOf(operation, path)
    this.#checkAlive(operation, path)
    if (code !== null) {
      onFailure()
      throw new FileError(code, operation, path, 'this call had to fail')
    }
    const result = effect()
    await Promise.resolve()
    this.#checkAlive(operation, path)
    return result
  }

  /**
   * Covers what was changed before the call. A sync that fails leaves to fate what it should have covered, and the next
   * one does not write it either, because the system has marked it clean (W14).
   */
  async sync(operation: FileOperation, path: string, begin: () => (fate: Fate) => void): Promise<void> {
    const start = () => ({ settle: begin(), synced: this.#passSync() })
    const { settle, synced } = await this.act(operation, path, start, () => begin()(this.disk.fate))
    await synced
    this.#checkAlive(operation, path)
    settle(everythingRemains)
  }

  /** The time that a sync takes, or less if this life ends meanwhile. */
  #passSync(): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        this.#syncs.delete(interrupt)
        resolve()
      }
      const cancel = this.disk.afterSync(over)
      const interrupt = (): void => {
        cancel?.()
        over()
      }
      this.#syncs.add(interrupt)
      if (cancel === null) over()
    })
  }

  #checkAlive(operation: FileOperation, path: string): void {
    if (this.#endedBy !== null) throw new FileError('EIO', operation, path, this.#endedBy)
  }
}
